import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from '../house/sources.js';
import { must } from './run.js';

const minute = 60_000;
const tool = (path: string): string => join(root, 'node_modules', path);

describe('The package', () => {
  let temp: string;
  let tarball: string;
  let contents: string[];

  before(() => {
    temp = mkdtempSync(join(tmpdir(), 'drumline-'));
    must('npm', ['pack', '--ignore-scripts', '--pack-destination', temp], minute);
    tarball = join(temp, readdirSync(temp).find((name) => name.endsWith('.tgz')) ?? '');
    contents = must('tar', ['-tzf', tarball], minute).trim().split('\n');
  });

  after(() => rmSync(temp, { recursive: true, force: true }));

  it('holds the built SDK, the proto files, the pages and its papers, and nothing else', () => {
    const papers = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'].map((name) => `package/${name}`);
    const strangers = contents.filter(
      (path) =>
        !papers.includes(path) &&
        !/^package[/](build[/]lib[/].*[.](js|d[.]ts|map)|proto[/].*[.](proto|md)|docs[/].*[.]md)$/.test(path),
    );
    expect(strangers).to.deep.equal([]);
    expect(contents).to.include.members(papers);
    expect(contents).to.include('package/proto/drumline/v1/bus.proto');
    expect(contents).to.include('package/docs/getting-started.md');
  });

  it('is in order for publint', () => {
    must('node', [tool('.bin/publint'), tarball, '--strict'], minute);
  });

  it('gives types to every reader of ESM', () => {
    must('node', [tool('.bin/attw'), tarball, '--profile', 'esm-only'], minute);
  });

  describe('in an empty project', () => {
    let project: string;

    before(() => {
      project = mkdtempSync(join(temp, 'project-'));
      cpSync(join(root, 'spec/check/consumer'), project, { recursive: true });
      writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
      const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error'];
      must('npm', [...install, tarball, '@types/node@20'], 2 * minute, project);
    });

    for (const [version, path] of [
      ['7', 'typescript/bin/tsc'],
      ['5.9', 'typescript-5/bin/tsc'],
    ] as const) {
      it(`type-checks with TypeScript ${version}, strict, its declarations too, and runs`, () => {
        const compiler = tool(path);
        expect(must('node', [compiler, '--version'], minute, project)).to.contain(`Version ${version}.`);
        must('node', [compiler, '-p', project], minute, project);
        expect(must('node', [join(project, 'build/main.js')], minute, project)).to.equal(
          'frame 7 took 12 ms\n',
        );
      });
    }
  });
});
