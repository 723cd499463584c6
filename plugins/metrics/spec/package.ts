import { existsSync, readFileSync } from 'node:fs';

/** A file of this package, by its path from the package's folder. */
export const packageFile = (path: string): string => readFileSync(new URL(path, folder), 'utf8');

const folder = nearestPackage(new URL('./', import.meta.url));

function nearestPackage(at: URL): URL {
  return existsSync(new URL('package.json', at)) ? at : nearestPackage(new URL('../', at));
}
