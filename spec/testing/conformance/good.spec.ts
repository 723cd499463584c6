import { type ChildProcess, spawn } from 'node:child_process';
import { expect } from 'chai';
import type { Plugin } from '../../../lib/plugin.js';
import { conformance } from '../../../lib/testing/conformance/conformance.js';
import { clock, everything, gate, plugin, samples } from './healthy.js';
import { failed, verdicts } from './outcome.js';
import { threads } from './threads.js';

const healthy = [
  [
    'of every kind',
    () => conformance(() => everything({ label: 'a' }), { with: () => [clock()], messages: samples }),
  ],
  ['that greets', () => conformance(() => gate('please'), { greeting: { extra: { word: 'please' } } })],
  ['with an executor', () => conformance(() => threads())],
  ['that does nothing', () => conformance(() => plugin('nothing'))],
] as const;

describe('The conformance kit', function () {
  this.timeout(60_000);

  for (const [what, cases] of healthy)
    it(`passes a healthy plugin ${what}`, async () => {
      const told = await verdicts(cases());
      expect(failed(told)).to.deep.equal([]);
      expect(Math.max(...told.map(({ ms }) => ms))).to.be.below(5_000);
    });

  describe('on a machine that is busy elsewhere', () => {
    const others: ChildProcess[] = [];
    before(() => {
      others.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
    });
    after(() => {
      for (const other of others) other.kill('SIGKILL');
    });

    for (const [what, cases] of healthy)
      it(`passes a healthy plugin ${what}`, async () => {
        expect(failed(await verdicts(cases()))).to.deep.equal([]);
      });
  });

  it('names its cases, and says where there is no sample', () => {
    const cases = conformance(() => everything({ label: 'a' }), {
      with: () => [clock()],
      messages: { 'good.shout': 'hello' },
    });
    const names = cases.map(({ name }) => name);
    expect(new Set(names).size, 'names of its own').to.equal(names.length);
    expect(names).to.include("as a hub: handler 'good.shout' answers its samples");
    expect(names).to.not.include("as a hub: handler 'good.count' answers its samples");
    expect(names).to.include(
      "as a worker: handler 'good.count' answers garbage with a value or a fault (no sample in options.messages: garbage alone)",
    );
    expect(names.filter((name) => name.includes('under load'))).to.deep.equal(
      ['hub', 'worker'].map(
        (role) =>
          `as a ${role}: beats stay in time under load (no samples for 'good.later', 'good.tail', 'good.count')`,
      ),
    );
  });

  it('runs its cases in any order, and all at once', async () => {
    const cases = conformance(() => gate('please'), { greeting: { extra: { word: 'please' } } });
    const runs = [...cases].reverse().map(({ run }) => run());
    await Promise.all(runs);
  });

  for (const [what, given] of Object.entries({
    nothing: null,
    'a text': 'plugin',
    'no manifest': {},
    'roles that are no list': plugin('odd', {}, { roles: 'hub' as never }),
    'an empty list of roles': plugin('odd', {}, { roles: [] }),
    'lists that are none': plugin('odd', {
      contributes: { handlers: 7, observers: {}, codecs: [null] } as never,
    }),
  }))
    it(`has a case that fails for a plugin that is, or has, ${what}`, async () => {
      const told = failed(await verdicts(conformance(() => given as Plugin)));
      expect(told[0]?.name).to.equal('is well formed, and fits this SDK, its roles and what it requires');
      expect(told[0]?.text).to.match(/cannot run: .*plugins?\b/);
    });

  it('leaves the listeners of its runner as they were', async () => {
    const before = process.rawListeners('unhandledRejection');
    await verdicts(conformance(() => plugin('nothing')));
    expect(process.rawListeners('unhandledRejection')).to.deep.equal(before);
  });
});
