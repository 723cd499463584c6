import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { conformance } from '../../../lib/testing/conformance/conformance.js';
import { plugin } from './healthy.js';
import { verdicts } from './outcome.js';

const right = {
  name: '@acme/packed',
  version: '1.0.0',
  type: 'module',
  exports: { '.': { types: './index.d.ts', default: './index.js' }, './package.json': './package.json' },
  peerDependencies: { drumline: '^0.1.0' },
};

describe("The conformance kit's look at a package", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'conformance-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const said = async (text: string): Promise<string> => {
    const file = join(folder, 'package.json');
    writeFileSync(file, text);
    const cases = conformance(() => plugin('@acme/packed'), { packageJson: pathToFileURL(file) });
    const [told] = await verdicts(cases.filter(({ name }) => name === 'is packaged as its manifest says'));
    expect(told, 'the case').to.not.equal(undefined);
    return told?.text ?? 'nothing';
  };

  it('is content with one that its manifest agrees with', async () => {
    expect(await said(JSON.stringify(right))).to.equal('nothing');
  });

  for (const [what, more, text] of [
    ['another name', { name: '@acme/other' }, "says name '@acme/packed' in its manifest, and '@acme/other'"],
    ['another version', { version: '1.0.1' }, "says version '1.0.0' in its manifest, and '1.0.1'"],
    ['the SDK as a dependency', { dependencies: { drumline: '^0.1.0' } }, 'move it to peerDependencies'],
    ['no peer', { peerDependencies: {} }, 'set peerDependencies.drumline'],
    [
      'a peer of the past',
      { peerDependencies: { drumline: '^0.0.1' } },
      'has drumline ^0.0.1 as a peer, and this is',
    ],
    ['no exports', { exports: undefined }, "set exports['.']"],
    ['no ES module', { type: 'commonjs' }, 'exports ./index.js, which is no ES module'],
    ['a door that is no ES module', { exports: './index.cjs' }, 'exports ./index.cjs, which is no ES module'],
  ] as const)
    it(`finds ${what}`, async () => {
      const found = await said(JSON.stringify({ ...right, ...more }));
      expect(found).to.include("plugin '@acme/packed'").and.include(text);
      expect(found.split('\n')).to.have.lengthOf(1);
    });

  it('finds everything at once', async () => {
    expect((await said('{}')).split('\n')).to.have.lengthOf(4);
  });

  it('finds that there is none', async () => {
    expect(await said('no JSON')).to.include('has no package.json that can be read at file:');
  });
});
