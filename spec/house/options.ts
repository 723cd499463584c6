import ts from 'typescript-5';
import { parse } from './imports.js';
import { read } from './sources.js';

/** One member of a declaration, and the number that its doc comment gives as its default: `16,384`, `64 MiB`. */
export interface Member {
  readonly name: string;
  readonly fallback: string | undefined;
}

/**
 * The members that a reader can name, of an interface (with those of what it extends in its own file), of a class
 * (public ones alone), or of the objects in a type: of `Listen`, or of `WorkerOptions.reconnect`.
 */
export function membersOf(path: string, dotted: string): Member[] {
  const [name = '', ...inner] = dotted.split('.');
  const file = parse(path, read([path]).get(path) ?? '');
  let found = declaredIn(file, name);
  for (const part of inner) {
    const member = found.find((each) => each.name?.getText() === part);
    found = member && ts.isPropertySignature(member) && member.type ? objectsIn(member.type) : [];
  }
  if (found.length === 0) throw new Error(`${path} has no ${dotted} with members`);
  const members = found.flatMap((member) => {
    if (member.name === undefined || !ts.isIdentifier(member.name) || isHidden(member)) return [];
    return [{ name: member.name.text, fallback: fallbackOf(member) }];
  });
  return [...new Map(members.map((member) => [member.name, member])).values()];
}

type Declared = ts.TypeElement | ts.ClassElement;

function declaredIn(file: ts.SourceFile, name: string): Declared[] {
  return file.statements.flatMap((statement): readonly Declared[] => {
    if (ts.isClassDeclaration(statement) && statement.name?.text === name) return statement.members;
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === name)
      return objectsIn(statement.type);
    if (!ts.isInterfaceDeclaration(statement) || statement.name.text !== name) return [];
    const bases = (statement.heritageClauses ?? []).flatMap(({ types }) =>
      types.map((type) => type.expression),
    );
    return [...statement.members, ...bases.flatMap((base) => declaredIn(file, base.getText()))];
  });
}

function objectsIn(type: ts.TypeNode): ts.TypeElement[] {
  if (ts.isTypeLiteralNode(type)) return [...type.members];
  return ts.isUnionTypeNode(type) ? type.types.flatMap(objectsIn) : [];
}

const isHidden = (member: Declared): boolean =>
  ts.canHaveModifiers(member) &&
  (ts.getModifiers(member) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);

function fallbackOf(member: Declared): string | undefined {
  const comment = ts
    .getJSDocCommentsAndTags(member)
    .map((doc) => doc.getText())
    .join(' ');
  return /\bdefault (\d+(?:,\d{3})*(?: MiB)?)(?=[\s.;,)])/.exec(comment)?.[1];
}

/** A row of a table: its first cell, up to what is no name, and the cell under `default`. */
export interface Row {
  readonly name: string;
  readonly fallback: string | undefined;
}

/** The rows of the tables of a page under a heading, and before the next one: all, or those of one table. */
export function rowsOf(page: string, heading: string, table?: number): Row[] {
  const [, after = ''] = `\n${page}`.split(new RegExp(`\\n#+ ${heading}\\n`));
  const section = after.split(/\n#+ /, 1)[0] ?? '';
  const tables = section.split(/\n(?!\|)/).filter((part) => part.startsWith('|') || part.includes('\n|'));
  const lines = (table === undefined ? tables : tables.slice(table, table + 1)).join('\n').split('\n');
  let column = -1;
  return lines.flatMap((line) => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    const name = /^\| `(\w+\$?)`/.exec(line)?.[1];
    if (name !== undefined) return [{ name, fallback: column < 0 ? undefined : cells[column] }];
    if (!line.startsWith('| ---')) column = cells.indexOf('default');
    return [];
  });
}
