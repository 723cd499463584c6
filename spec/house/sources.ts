import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Files by their path from the root of the project, with `/` between the parts. */
export type Files = ReadonlyMap<string, string>;

/** The project's folder: the nearest above this file that has a package.json. Ends in a slash. */
export const root = nearestPackage(new URL('./', import.meta.url));

function nearestPackage(folder: URL): string {
  const path = fileURLToPath(folder);
  return existsSync(join(path, 'package.json')) ? path : nearestPackage(new URL('../', folder));
}

/** A small project for a rule to judge. */
export const project = (files: Readonly<Record<string, string>>): Files => new Map(Object.entries(files));

/** Every TypeScript file below `folder`. */
export function sourcesOf(folder: string): Files {
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  const paths = names.filter((name) => name.endsWith('.ts')).map((name) => `${folder}/${name}`);
  return read(paths);
}

/** What git tracks, or would track if it were added. Undefined where there is no git. */
export function trackedFiles(): Files | undefined {
  if (!existsSync(join(root, '.git'))) return undefined;
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  try {
    const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' });
    return read(listed.split('\0').filter((path) => path !== '' && existsSync(join(root, path))));
  } catch {
    return undefined;
  }
}

/** Files by their paths. */
export function read(paths: readonly string[]): Files {
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}
