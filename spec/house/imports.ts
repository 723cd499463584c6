import { posix } from 'node:path';
import ts from 'typescript-5';
import type { Files } from './sources.js';

/** One import, re-export, dynamic import or worker URL of a file. */
export interface Arrow {
  readonly from: string;
  /** A path in the project, or the specifier of a package. */
  readonly to: string;
  /** Erased by the compiler. */
  readonly typeOnly: boolean;
}

/** A file as a tree. */
export const parse = (path: string, text: string): ts.SourceFile =>
  ts.createSourceFile(path, text, ts.ScriptTarget.ESNext, true);

/** Calls `see` for every node of a tree. */
export function walk(node: ts.Node, see: (node: ts.Node) => void): void {
  see(node);
  ts.forEachChild(node, (child) => walk(child, see));
}

/** Every arrow that leaves the given files. A thread's file named by a URL counts: it runs as part of the house. */
export function arrowsOf(files: Files): Arrow[] {
  const arrows: Arrow[] = [];
  for (const [from, text] of files) {
    walk(parse(from, text), (node) => {
      const target = targetOf(node);
      if (target !== undefined)
        arrows.push({ from, to: resolve(from, target.specifier), typeOnly: target.typeOnly });
    });
  }
  return arrows;
}

function targetOf(node: ts.Node): { specifier: string; typeOnly: boolean } | undefined {
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: node.importClause?.isTypeOnly === true };
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier && ts.isStringLiteral(node.moduleSpecifier)) {
    return { specifier: node.moduleSpecifier.text, typeOnly: node.isTypeOnly };
  }
  if (
    ts.isImportTypeNode(node) &&
    ts.isLiteralTypeNode(node.argument) &&
    ts.isStringLiteral(node.argument.literal)
  ) {
    return { specifier: node.argument.literal.text, typeOnly: true };
  }
  if (ts.isExternalModuleReference(node) && ts.isStringLiteral(node.expression)) {
    return { specifier: node.expression.text, typeOnly: false };
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return literal(node.arguments[0]);
  }
  if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.length === 2) {
    const target = literal(node.arguments[0]);
    return target?.specifier.endsWith('.js') && node.arguments[1]?.getText() === 'import.meta.url'
      ? target
      : undefined;
  }
  return undefined;
}

const literal = (node: ts.Node | undefined): { specifier: string; typeOnly: boolean } | undefined =>
  node !== undefined && ts.isStringLiteralLike(node) ? { specifier: node.text, typeOnly: false } : undefined;

function resolve(from: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier;
  return posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts');
}
