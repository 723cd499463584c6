import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { blocksOf, mistakesOf } from './docs-code.js';
import { project, read, root } from './sources.js';

const pages = () =>
  read(
    [
      'README.md',
      ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
      ...readdirSync(join(root, 'plugins')).map((name) => `plugins/${name}/README.md`),
      'examples/quota-plugin/README.md',
    ].filter((path) => path.endsWith('.md') && existsSync(join(root, path))),
  );

/** Named by a page, and no dependency of this project. */
const elsewhere = project({
  'docs/.elsewhere/msgpack.d.ts': `declare module '@msgpack/msgpack' {
    export function encode(value: unknown): Uint8Array;
    export function decode(bytes: Uint8Array): unknown;
  }`,
});

describe('Programs in pages', () => {
  it('compile as they stand, under strict', () => {
    const blocks = blocksOf(pages());
    expect(blocks).to.have.length.greaterThan(20);
    expect(mistakesOf(blocks, elsewhere)).to.deep.equal([]);
  }).timeout(60_000);

  const page = (...lines: string[]) => blocksOf(project({ 'docs/page.md': lines.join('\n') }));
  const fence = '```';

  it('are told from parts by their first line', () => {
    const texts = page(
      `${fence}ts`,
      "import { x } from 'y';",
      fence,
      'words',
      `${fence}ts`,
      'x();',
      fence,
      `${fence}ts`,
      '// some/contract.ts',
      'export const x = 1;',
      fence,
      `${fence}js`,
      "import { x } from 'y';",
      fence,
    );
    expect(texts.map(({ name, line }) => [name, line])).to.deep.equal([
      ['line-2.ts', 2],
      ['some/contract.ts', 9],
    ]);
  });

  it('are seen to fail, with the line of the page; one may import another of its page', () => {
    const blocks = page(
      '# Page',
      `${fence}ts`,
      '// contract.ts',
      "import { defineMessage } from 'drumline';",
      "export const Add = defineMessage<{ a: number }, number>('add');",
      fence,
      `${fence}ts`,
      "import { handler } from 'drumline';",
      "import { Add } from './contract.js';",
      'handler(Add, ({ payload }) => payload.a);',
      'handler(Add, ({ payload }) => payload.b);',
      "handler('add', ({ payload }) => payload.a);",
      fence,
    );
    const mistakes = mistakesOf(blocks);
    expect(mistakes.map((text) => text.split(' ', 1)[0])).to.deep.equal([
      'docs/page.md:11',
      'docs/page.md:12',
    ]);
  }).timeout(60_000);
});
