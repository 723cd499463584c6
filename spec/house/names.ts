import ts from 'typescript-5';
import { doors } from './arrows.js';
import { parse, walk } from './imports.js';
import type { Files } from './sources.js';

const clocks = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'nextTick',
  'Date',
  'performance',
]);
const clockModules = /^(node:)?(timers|timers\/promises|perf_hooks)$/;
const globals = /^(globalThis|global|process)$/;

const place = (file: ts.SourceFile, node: ts.Node): string =>
  `${file.fileName}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;

/** Every use of a timer, a turn of the event loop or the date outside `lib/time`. */
export function clockUses(files: Files): string[] {
  const found: string[] = [];
  for (const [path, text] of files) {
    if (path.startsWith('lib/time/')) continue;
    const file = parse(path, text);
    walk(file, (node) => {
      const name = clockName(node);
      if (name === undefined || (path === 'lib/testing/virtual-clock.ts' && name === 'setImmediate')) return;
      found.push(`${place(file, node)} names ${name}: take a Clock`);
    });
  }
  return found;
}

function clockName(node: ts.Node): string | undefined {
  if (ts.isStringLiteral(node) && clockModules.test(node.text)) return node.text;
  if (!ts.isIdentifier(node)) return undefined;
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) {
    const owner = parent.expression.getText();
    if (owner === 'AbortSignal' && node.text === 'timeout') return 'AbortSignal.timeout';
    return globals.test(owner) && clocks.has(node.text) ? node.text : undefined;
  }
  return clocks.has(node.text) && !isMemberName(parent, node) ? node.text : undefined;
}

/** Whether an identifier only names a member: `{ Date: 1 }`, `interface X { performance: number }`. */
function isMemberName(parent: ts.Node, node: ts.Identifier): boolean {
  const member =
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isMethodDeclaration(parent);
  return member && parent.name === node;
}

/** Default exports anywhere, and in doors whatever is not listed by name. */
export function unnamedExports(files: Files): string[] {
  const found: string[] = [];
  for (const [path, text] of files) {
    const file = parse(path, text);
    for (const statement of file.statements) {
      const why = isDefault(statement) ? 'a default export' : starInDoor(path, statement);
      if (why !== undefined) found.push(`${place(file, statement)} has ${why}`);
    }
  }
  return found;
}

function isDefault(statement: ts.Statement): boolean {
  if (ts.isExportAssignment(statement)) return true;
  if (
    ts.isExportDeclaration(statement) &&
    statement.exportClause &&
    ts.isNamedExports(statement.exportClause)
  ) {
    return statement.exportClause.elements.some((element) => element.name.text === 'default');
  }
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined;
  return modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword) === true;
}

function starInDoor(path: string, statement: ts.Statement): string | undefined {
  if (!doors.includes(path) || !ts.isExportDeclaration(statement)) return undefined;
  return statement.exportClause && ts.isNamedExports(statement.exportClause)
    ? undefined
    : 'an export * in a door';
}
