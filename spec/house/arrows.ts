import { posix } from 'node:path';
import { type Arrow, arrowsOf } from './imports.js';
import type { Files } from './sources.js';

/** The rank of each folder of `lib`: an import goes to a lower one or stays in its folder. */
const ranks: Readonly<Record<string, number>> = {
  errors: 0,
  time: 0,
  frame: 1,
  transport: 2,
  handshake: 2,
  services: 2,
  lane: 3,
  handler: 3,
  pulse: 3,
  session: 4,
  plugin: 4,
  hub: 5,
  worker: 5,
  testing: 6,
};
const top = 7;

/** What a package's users import. Nothing inside does. */
export const doors = ['lib/index.ts', 'lib/plugin.ts', 'lib/testing/index.ts'];

const isDoor = (path: string): boolean => doors.includes(path);
const folderOf = (path: string): string => (path.split('/').length > 2 ? (path.split('/')[1] ?? '') : '');
const rankOf = (path: string): number | undefined => (folderOf(path) === '' ? top : ranks[folderOf(path)]);
const inLib = (path: string): boolean => path.startsWith('lib/');
const isWithin = (folder: string, path: string): boolean => path.startsWith(`${folder}/`);
const line = (arrow: Arrow, why: string): string => `${arrow.from} imports ${arrow.to}: ${why}`;

/** Imports that go up, sideways, out of `lib`, into a door, or to a file that is not there. */
export function againstTheRanks(files: Files): string[] {
  return arrowsOf(files).flatMap((arrow) => {
    if (!arrow.to.includes('/') || !/^(lib|\.\.|spec|plugins|examples|build)\//.test(arrow.to)) return [];
    const why = misstep(arrow, files);
    return why === undefined ? [] : [line(arrow, why)];
  });
}

function misstep({ from, to }: Arrow, files: Files): string | undefined {
  if (!inLib(to)) return 'it leaves lib';
  if (isDoor(to)) return 'a door opens to the outside';
  if (!files.has(to)) return 'there is no such file';
  const [fromRank, toRank] = [rankOf(from), rankOf(to)];
  if (fromRank === undefined || toRank === undefined) return 'a folder without a rank';
  if (folderOf(from) !== folderOf(to)) {
    return toRank < fromRank ? undefined : `rank ${fromRank} to rank ${toRank}`;
  }
  const [fromFolder, toFolder] = [posix.dirname(from), posix.dirname(to)];
  const kin = fromFolder === toFolder || isWithin(toFolder, from) || isWithin(fromFolder, to);
  return kin ? undefined : 'two folders side by side';
}

/** Rings of files that import each other, types included; each ring once. */
export function cycles(files: Files): string[] {
  const next = new Map<string, string[]>();
  for (const { from, to } of arrowsOf(files)) {
    if (files.has(to)) next.set(from, [...(next.get(from) ?? []), to]);
  }
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      found.push([...trail.slice(start), path].join(' -> '));
      return;
    }
    if (done.has(path)) return;
    for (const target of next.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
  return found;
}

/** A concrete transport named by anything but itself, a door or `lib/testing`; grpc-js named outside its own. */
export function concreteTransports(files: Files): string[] {
  return arrowsOf(files).flatMap((arrow) => {
    if (arrow.to.startsWith('@grpc/')) {
      return isWithin('lib/transport/grpc', arrow.from) ? [] : [line(arrow, 'only lib/transport/grpc may')];
    }
    const home = ['lib/transport/grpc', 'lib/transport/memory'].find((folder) => isWithin(folder, arrow.to));
    if (home === undefined || isWithin(home, arrow.from)) return [];
    const may = isDoor(arrow.from) || isWithin('lib/testing', arrow.from);
    return may ? [] : [line(arrow, 'only doors and lib/testing name a transport')];
  });
}

/** All but the first file that import tsyringe at run time. */
export function tsyringeUsers(files: Files): string[] {
  const uses = arrowsOf(files).filter((arrow) => /^tsyringe(\/|$)/.test(arrow.to) && !arrow.typeOnly);
  return [...new Set(uses.map((arrow) => arrow.from))]
    .slice(1)
    .map((from) => `${from} imports tsyringe at run time, and so does ${uses[0]?.from}`);
}

/** Packages that `lib` imports and that its users would not get with it. */
export function undeclaredPackages(files: Files, dependencies: readonly string[]): string[] {
  return arrowsOf(files).flatMap((arrow) => {
    if (/^(\.|node:|lib\/|#)/.test(arrow.to)) return [];
    const name = arrow.to.split('/', arrow.to.startsWith('@') ? 2 : 1).join('/');
    return dependencies.includes(name) ? [] : [line(arrow, 'package.json does not list it in dependencies')];
  });
}
