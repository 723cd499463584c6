import ts from 'typescript-5';
import { doors } from './arrows.js';
import type { Files } from './sources.js';

/** Names that a door gives away and whose declaration has no doc comment. */
export function undocumented(files: Files): string[] {
  const present = doors.filter((door) => files.has(door));
  const checker = programOf(files, present);
  return present.flatMap((door) =>
    checker.exportsOf(door).flatMap((symbol) => {
      const meant = symbol.flags & ts.SymbolFlags.Alias ? checker.types.getAliasedSymbol(symbol) : symbol;
      const declarations = meant.declarations ?? [];
      if (declarations.length === 0 || declarations.some(hasDocComment)) return [];
      return [
        `${door} exports ${symbol.name}, which has no doc comment in ${declarations[0]?.getSourceFile().fileName}`,
      ];
    }),
  );
}

const hasDocComment = (declaration: ts.Declaration): boolean =>
  ts.getJSDocCommentsAndTags(declaration).some((doc) => ts.isJSDoc(doc) && doc.comment !== undefined);

function programOf(files: Files, roots: readonly string[]) {
  const host: ts.CompilerHost = {
    fileExists: (path) => files.has(path),
    readFile: (path) => files.get(path),
    getSourceFile: (path, target) => {
      const text = files.get(path);
      return text === undefined ? undefined : ts.createSourceFile(path, text, target, true);
    },
    getDefaultLibFileName: () => 'lib.d.ts',
    getCurrentDirectory: () => '',
    getCanonicalFileName: (path) => path,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    writeFile: () => undefined,
  };
  const options: ts.CompilerOptions = {
    noLib: true,
    types: [],
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const program = ts.createProgram(roots, options, host);
  const types = program.getTypeChecker();
  const exportsOf = (path: string): ts.Symbol[] => {
    const file = program.getSourceFile(path);
    const symbol = file && types.getSymbolAtLocation(file);
    return symbol ? types.getExportsOfModule(symbol) : [];
  };
  return { types, exportsOf };
}
