import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'chai';
import { exact, versionPolicy } from '../lib/index.js';

const here = new URL('../../', import.meta.url);
const pack = JSON.parse(readFileSync(new URL('package.json', here), 'utf8'));

describe('The package', () => {
  it('and its plugin have one name, one version and one range of drumline', () => {
    const { manifest } = versionPolicy(exact());
    expect(manifest).to.deep.include({ name: pack.name, version: pack.version, roles: ['hub'] });
    expect(manifest.engines).to.deep.equal({ drumline: pack.peerDependencies.drumline });
  });

  it('imports what it declares, and of drumline the door for plugins alone', () => {
    const declared = Object.keys(pack.dependencies);
    const foreign = readdirSync(new URL('lib/', here)).flatMap((file) =>
      [...readFileSync(new URL(`lib/${file}`, here), 'utf8').matchAll(/from '([^.][^']*)'/g)].map(
        ([, name]) => name,
      ),
    );
    expect([...new Set(foreign)].sort()).to.deep.equal([...declared, 'drumline/plugin'].sort());
  });
});
