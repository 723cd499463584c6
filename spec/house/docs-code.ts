import { posix } from 'node:path';
import ts from 'typescript-5';
import { type Files, root } from './sources.js';

/** A block of TypeScript of a page that is a file of its own. */
export interface Block {
  readonly page: string;
  /** Where its first line stands in the page, counted from 1. */
  readonly line: number;
  /** How other blocks of its page import it: `contract.ts`. */
  readonly name: string;
  readonly text: string;
}

/**
 * The blocks of pages that are whole modules: those that begin with an import, or with a comment that names them,
 * `// contract.ts`, for other blocks of the page to import. All others are parts, for reading.
 */
export function blocksOf(pages: Files): Block[] {
  return [...pages].flatMap(([page, markdown]) =>
    [...markdown.matchAll(/^```ts\n([\s\S]*?)^```/gm)].flatMap(({ index, 1: text = '' }) => {
      const line = markdown.slice(0, index).split('\n').length + 1;
      const named = /^\/\/ ([\w./-]+\.ts)\n/.exec(text)?.[1];
      if (named === undefined && !text.startsWith('import ')) return [];
      return [{ page, line, name: named ?? `line-${line}.ts`, text }];
    }),
  );
}

/** What `tsconfig.json` should say, by docs/getting-started.md. Decorators are for docs/injection.md. */
const options: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  types: ['node'],
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
};

/**
 * What the compiler says of the blocks, each as a file beside its page, with the packages that are installed and built
 * here. `more` are modules that are not installed: their declarations, by the path from the root.
 */
export function mistakesOf(blocks: readonly Block[], more: Files = new Map()): string[] {
  const files = new Map([...more].map(([path, text]) => [root + path, text]));
  const places = new Map<string, Block>();
  for (const block of blocks) {
    const path = `${root}${posix.join(posix.dirname(block.page), `.${posix.basename(block.page, '.md')}`, block.name)}`;
    if (files.has(path)) return [`${block.page}:${block.line} is a second ${block.name}`];
    files.set(path, block.text);
    places.set(path, block);
  }
  const program = ts.createProgram([...files.keys()], options, hostOf(files));
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, start = 0, messageText }) => `${placeOf(file, start, places)} ${flat(messageText)}`);
}

/** The files of this machine, with some more that exist in memory alone. */
function hostOf(files: Files): ts.CompilerHost {
  const host = ts.createCompilerHost(options, true);
  const { getSourceFile, fileExists, readFile, directoryExists } = host;
  const folders = new Set([...files.keys()].map((path) => posix.dirname(path)));
  return Object.assign(host, {
    fileExists: (path: string) => files.has(path) || fileExists(path),
    readFile: (path: string) => files.get(path) ?? readFile(path),
    directoryExists: (path: string) => folders.has(path) || directoryExists?.(path) === true,
    getSourceFile(path: string, version: ts.ScriptTarget | ts.CreateSourceFileOptions) {
      const text = files.get(path);
      return text === undefined
        ? getSourceFile(path, version)
        : ts.createSourceFile(path, text, version, true);
    },
  } satisfies Partial<ts.CompilerHost>);
}

function placeOf(file: ts.SourceFile | undefined, start: number, places: ReadonlyMap<string, Block>): string {
  if (file === undefined) return 'the compiler:';
  const { line } = file.getLineAndCharacterOfPosition(start);
  const block = places.get(file.fileName);
  return block === undefined ? `${file.fileName}:${line + 1}` : `${block.page}:${block.line + line}`;
}

const flat = (text: string | ts.DiagnosticMessageChain): string =>
  ts.flattenDiagnosticMessageText(text, ' ').slice(0, 400);
