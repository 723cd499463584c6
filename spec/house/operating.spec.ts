import { expect } from 'chai';
import ts from 'typescript-5';
import { read } from './sources.js';

/** The words of a union of texts, as its declaration lists them. */
function wordsOf(path: string, name: string): string[] {
  const file = ts.createSourceFile(path, read([path]).get(path) ?? '', ts.ScriptTarget.ESNext);
  const [found] = file.statements.filter(ts.isTypeAliasDeclaration).filter((type) => type.name.text === name);
  if (found === undefined || !ts.isUnionTypeNode(found.type)) throw new Error(`${path} has no union ${name}`);
  return found.type.types.flatMap((type) =>
    ts.isLiteralTypeNode(type) && ts.isStringLiteral(type.literal) ? [type.literal.text] : [],
  );
}

/** The first cells of the table under a heading of the page. */
function rowsUnder(heading: string): string[] {
  const page = read(['docs/operating.md']).get('docs/operating.md') ?? '';
  const section = page.split('\n## ').find((part) => part.startsWith(heading)) ?? '';
  return [...section.matchAll(/^\| `([\w-]+)` \|/gm)].map(([, word = '']) => word);
}

describe('The page for operators', () => {
  for (const [heading, path, name] of [
    ['Events of a hub', 'lib/hub/event.ts', 'HubEventKind'],
    ['Events of a worker', 'lib/worker/event.ts', 'WorkerEventKind'],
  ] as const) {
    it(`explains all ${heading.toLowerCase()}, and no other`, () => {
      expect(rowsUnder(heading)).to.have.members(wordsOf(path, name));
    });
  }
});
