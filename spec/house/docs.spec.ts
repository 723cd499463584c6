import { expect } from 'chai';
import { undocumented } from './docs.js';
import { project, sourcesOf } from './sources.js';

describe('Public names', () => {
  it('have a doc comment where they are declared', () => {
    expect(undocumented(sourcesOf('lib'))).to.deep.equal([]);
  }).timeout(60_000);

  const behindADoor = (text: string) =>
    undocumented(
      project({ 'lib/index.ts': "export { name } from './hub/name.js';", 'lib/hub/name.ts': text }),
    );

  for (const bare of [
    'export function name() {}',
    'export const name = 1;',
    'export class name { /** Of a member. */ x = 1; }',
    'export interface name { x: 1 }',
    'export type name = 1;',
    '// Not for readers of the package.\nexport const name = 1;',
    '/** @internal */\nexport const name = 1;',
    "import { other } from './other.js'; export { other as name };",
  ]) {
    it(`are seen to lack one in \`${bare.replaceAll('\n', ' ')}\``, () => {
      const others = { 'lib/hub/other.ts': 'export const other = 1;' };
      const door = { 'lib/index.ts': "export { name } from './hub/name.js';", 'lib/hub/name.ts': bare };
      expect(undocumented(project({ ...others, ...door }))).to.have.lengthOf(1);
    });
  }

  it('are content with one on any of their declarations', () => {
    expect(behindADoor('/** One thing. */\nexport type name = 1;\nexport const name = 1;')).to.deep.equal([]);
    expect(behindADoor('/** One thing. */\nexport const name = 1, other = 2;')).to.deep.equal([]);
  });

  it('are judged at every door, those of packages behind it left out', () => {
    const files = project({
      'lib/plugin.ts': "export { bare } from './plugin/bare.js'; export { Observable } from 'rxjs';",
      'lib/testing/index.ts': "export { bare } from '../plugin/bare.js';",
      'lib/plugin/bare.ts': 'export const bare = 1;',
    });
    expect(undocumented(files)).to.have.lengthOf(2);
  });
});
