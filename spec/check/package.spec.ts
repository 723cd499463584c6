import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { root } from '../house/sources.js';
import { must } from './run.js';

const minute = 60_000;
const tool = (path: string): string => join(root, 'node_modules', path);
const papers = ['package.json', 'README.md', 'LICENSE'];

/** What is published, by folder, with what a package may hold besides its papers. */
const packages: readonly (readonly [folder: string, contents: RegExp])[] = [
  ['.', /^(build[/]lib[/].*[.](js|d[.]ts|map)|proto[/].*[.](proto|md)|docs[/].*[.]md|CHANGELOG[.]md)$/],
  ...readdirSync(join(root, 'plugins')).map(
    (name) => [`plugins/${name}`, /^(build[/]lib[/].*[.](js|d[.]ts|map)|dashboard[.]json)$/] as const,
  ),
  ['examples/quota-plugin', /^build[/]lib[/].*[.](js|d[.]ts)$/],
];

describe('What is published', () => {
  let temp: string;
  const tarballs = new Map<string, string>();

  before(() => {
    temp = mkdtempSync(join(tmpdir(), 'drumline-'));
    for (const [folder] of packages) {
      const destination = mkdtempSync(join(temp, 'packed-'));
      must(
        'npm',
        ['pack', '--ignore-scripts', '--pack-destination', destination],
        minute,
        join(root, folder),
      );
      const [tarball = ''] = readdirSync(destination);
      tarballs.set(folder, join(destination, tarball));
    }
  }).timeout(packages.length * minute);

  after(() => rmSync(temp, { recursive: true, force: true }));

  const tarballOf = (folder: string): string => tarballs.get(folder) ?? '';

  for (const [folder, may] of packages) {
    describe(`from ${folder}`, () => {
      it('holds what was built and its papers, and nothing else', () => {
        const listed = must('tar', ['-tzf', tarballOf(folder)], minute)
          .trim()
          .split('\n');
        const contents = listed.map((path) => path.replace('package/', ''));
        expect(contents).to.include.members([...papers, 'build/lib/index.js', 'build/lib/index.d.ts']);
        expect(contents.filter((path) => !papers.includes(path) && !may.test(path))).to.deep.equal([]);
      });

      it('is in order for publint', () => {
        must('node', [tool('.bin/publint'), tarballOf(folder), '--strict'], minute);
      });

      it('gives types to every reader of ESM', () => {
        must('node', [tool('.bin/attw'), tarballOf(folder), '--profile', 'esm-only'], minute);
      });
    });
  }

  /** An empty project with a program of this folder and some of the packages. */
  function project(program: string, folders: readonly string[]): string {
    const folder = mkdtempSync(join(temp, 'project-'));
    cpSync(join(root, 'spec/check', program), folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel', 'error'];
    must('npm', [...install, ...folders.map(tarballOf), '@types/node@20'], 2 * minute, folder);
    return folder;
  }

  const compilers = [
    ['7', 'typescript/bin/tsc'],
    ['5.9', 'typescript-5/bin/tsc'],
  ] as const;

  function compilesAndRuns(folder: () => string, said: string): void {
    for (const [version, path] of compilers) {
      it(`type-checks with TypeScript ${version}, strict, its declarations too, and runs`, () => {
        const compiler = tool(path);
        expect(must('node', [compiler, '--version'], minute, folder())).to.contain(`Version ${version}.`);
        must('node', [compiler, '-p', folder()], minute, folder());
        expect(must('node', [join(folder(), 'build/main.js')], minute, folder())).to.equal(said);
      });
    }
  }

  describe('alone, in an empty project', () => {
    let folder: string;
    before(() => {
      folder = project('consumer', ['.']);
    });

    compilesAndRuns(() => folder, 'frame 7 took 12 ms\n');

    it('brings the dependencies of the SDK and no others', () => {
      const listed = JSON.parse(must('npm', ['ls', '--all', '--json', '--silent'], minute, folder));
      const { drumline, ...others } = listed.dependencies;
      expect(Object.keys(others)).to.deep.equal(['@types/node']);
      expect(Object.keys(drumline.dependencies).sort()).to.deep.equal([
        '@grpc/grpc-js',
        'reflect-metadata',
        'rxjs',
        'semver',
        'tsyringe',
      ]);
    });
  });

  describe('all together, in an empty project', () => {
    let folder: string;
    before(() => {
      folder = project(
        'composer',
        packages.map(([folder]) => folder),
      );
    });

    compilesAndRuns(
      () => folder,
      '@drumline/version-policy @drumline/metrics drumline-quota sums\n3 + 4 is 7, 1 used\n',
    );

    it('has one copy of the SDK', () => {
      const listed = must('npm', ['ls', 'drumline', '--parseable', '--silent'], minute, folder);
      const copies = listed.split('\n').filter((line) => line.endsWith('drumline'));
      expect(copies).to.deep.equal([join(folder, 'node_modules/drumline')]);
    });
  });
});
