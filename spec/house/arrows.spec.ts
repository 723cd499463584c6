import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { againstTheRanks, concreteTransports, cycles, tsyringeUsers, undeclaredPackages } from './arrows.js';
import { clockUses, unnamedExports } from './names.js';
import { project, root, sourcesOf } from './sources.js';

describe('The house', () => {
  const lib = sourcesOf('lib');

  describe('ranks', () => {
    const judge = (path: string, text: string) =>
      againstTheRanks(
        project({
          'lib/errors/code.ts': '',
          'lib/frame/frame.ts': '',
          'lib/transport/link.ts': '',
          'lib/transport/grpc/dial.ts': '',
          'lib/handler/registry.ts': '',
          'lib/lane/split.ts': '',
          'lib/lane/queue/ring.ts': '',
          'lib/plugin.ts': '',
          [path]: text,
        }),
      );

    it('are kept in lib', () => {
      expect(againstTheRanks(lib)).to.deep.equal([]);
    });

    it('allow a lower rank, the same folder and a folder above', () => {
      const text =
        "import '../errors/code.js'; import './split.js'; import './queue/ring.js'; import 'rxjs';";
      expect(judge('lib/lane/outbox.ts', text)).to.deep.equal([]);
      expect(judge('lib/transport/memory/network.ts', "import '../link.js';")).to.deep.equal([]);
    });

    for (const [what, path, text] of [
      ['a higher rank', 'lib/frame/codec.ts', "import { split } from '../lane/split.js';"],
      ['the other folder of the same rank', 'lib/lane/run.ts', "import '../handler/registry.js';"],
      ['the same, from the other side', 'lib/handler/run.ts', "export { split } from '../lane/split.js';"],
      ['a type of a higher rank', 'lib/errors/x.ts', "import type { F } from '../frame/frame.js';"],
      ['a type named in place', 'lib/errors/x.ts', "let f: import('../frame/frame.js').F;"],
      ['a higher rank at run time', 'lib/errors/x.ts', "const f = await import('../frame/frame.js');"],
      ["a thread's file", 'lib/errors/x.ts', "new URL('../frame/frame.js', import.meta.url);"],
      ['the folder beside it', 'lib/transport/memory/x.ts', "import '../grpc/dial.js';"],
      ['a door', 'lib/hub/hub.ts', "import { token } from '../plugin.js';"],
      ['a file that is not there', 'lib/hub/hub.ts', "import '../lane/nothing.js';"],
      ['what is outside lib', 'lib/hub/hub.ts', "import '../../spec/help.js';"],
      ['a folder that has no rank', 'lib/common/x.ts', "import '../errors/code.js';"],
    ] as const) {
      it(`forbid ${what}`, () => {
        expect(judge(path, text)).to.have.lengthOf(1);
      });
    }
  });

  describe('cycles', () => {
    it('are not in lib', () => {
      expect(cycles(lib)).to.deep.equal([]);
    });

    it('are found through any number of files', () => {
      const ring = project({
        'lib/a.ts': "import './b.js';",
        'lib/b.ts': "import type { C } from './c.js';",
        'lib/c.ts': "import './a.js';",
        'lib/d.ts': "import './a.js';",
      });
      expect(cycles(ring)).to.deep.equal(['lib/a.ts -> lib/b.ts -> lib/c.ts -> lib/a.ts']);
    });
  });

  describe('the clock', () => {
    it('is the only way to the time in lib', () => {
      expect(clockUses(lib)).to.deep.equal([]);
    });

    for (const use of [
      'setTimeout(f, 1);',
      'globalThis.setInterval(f, 1);',
      'const later = setImmediate;',
      'queueMicrotask(f);',
      'process.nextTick(f);',
      "import { nextTick } from 'node:process';",
      'const t = Date.now();',
      'const t = new Date();',
      'const t = performance.now();',
      "const t = await import('node:perf_hooks');",
      "import * as timers from 'node:timers/promises';",
      'const signal = AbortSignal.timeout(5);',
      'const clock = { Date };',
    ]) {
      it(`is seen to be passed by in \`${use}\``, () => {
        expect(clockUses(project({ 'lib/lane/x.ts': use }))).to.have.lengthOf(1);
        expect(clockUses(project({ 'lib/time/x.ts': use }))).to.deep.equal([]);
      });
    }

    it('is not confused by words in texts, comments and names of members', () => {
      const text = "// Date\nconst a = { performance: 'Date' }; clock.setTimeout(a.performance);";
      expect(clockUses(project({ 'lib/lane/x.ts': text }))).to.deep.equal([]);
    });

    it('leaves setImmediate, and nothing else, to the virtual clock', () => {
      const text = 'setImmediate(f); setTimeout(f, 1);';
      expect(clockUses(project({ 'lib/testing/virtual-clock.ts': text }))).to.have.lengthOf(1);
    });
  });

  describe('a concrete transport', () => {
    it('is named by doors and lib/testing alone', () => {
      expect(concreteTransports(lib)).to.deep.equal([]);
    });

    it('may be bound in a door and used by the tests of others', () => {
      const files = project({
        'lib/index.ts': "import './transport/grpc/dial.js';",
        'lib/testing/network.ts': "import '../transport/memory/network.js';",
        'lib/transport/grpc/dial.ts': "import '@grpc/grpc-js'; import './server.js';",
      });
      expect(concreteTransports(files)).to.deep.equal([]);
    });

    it('is seen in a session, in the port beside it, and as grpc-js itself', () => {
      const files = project({
        'lib/session/x.ts': "import '../transport/grpc/dial.js';",
        'lib/transport/link.ts': "import './memory/network.js';",
        'lib/hub/x.ts': "import type { Server } from '@grpc/grpc-js';",
      });
      expect(concreteTransports(files)).to.have.lengthOf(3);
    });
  });

  describe('packages', () => {
    it('that lib imports are dependencies', () => {
      const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
      expect(undeclaredPackages(lib, Object.keys(manifest.dependencies))).to.deep.equal([]);
    });

    it('that are not listed are seen, types included', () => {
      const text =
        "import '@a/b/c'; import type { D } from 'd'; import 'rxjs/operators'; import 'node:fs'; import '#bus';";
      expect(undeclaredPackages(project({ 'lib/x.ts': text }), ['rxjs'])).to.have.lengthOf(2);
    });

    it('stay behind their port: one file imports tsyringe', () => {
      expect(tsyringeUsers(lib)).to.deep.equal([]);
    });

    it('leave types of tsyringe to everyone, and nothing more', () => {
      const files = project({
        'lib/services/tsyringe.ts': "import { container } from 'tsyringe';",
        'lib/services/scope.ts': "import type { DependencyContainer } from 'tsyringe';",
      });
      expect(tsyringeUsers(files)).to.deep.equal([]);
      const second = project({ 'lib/plugin/host.ts': "import { inject } from 'tsyringe';" });
      expect(tsyringeUsers(new Map([...files, ...second]))).to.have.lengthOf(1);
    });
  });

  describe('exports', () => {
    it('are named, and listed by hand in doors', () => {
      expect(unnamedExports(lib)).to.deep.equal([]);
    });

    for (const [path, text] of [
      ['lib/lane/x.ts', 'export default function split() {}'],
      ['lib/lane/x.ts', 'export default 1;'],
      ['lib/lane/x.ts', 'export { split as default };'],
      ['lib/index.ts', "export * from './hub/hub.js';"],
      ['lib/plugin.ts', "export * as plugin from './plugin/manifest.js';"],
    ] as const) {
      it(`are seen to be neither in ${path} with \`${text}\``, () => {
        expect(unnamedExports(project({ [path]: text }))).to.have.lengthOf(1);
      });
    }
  });
});
