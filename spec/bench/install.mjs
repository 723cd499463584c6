import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));

/** Whether what the benchmark compares with is installed, or could be. */
export function installed() {
  const { dependencies } = JSON.parse(readFileSync(`${here}package.json`, 'utf8'));
  const missing = Object.entries(dependencies).some(([name, version]) => {
    const file = `${here}node_modules/${name}/package.json`;
    if (!existsSync(file)) return true;
    return !version.startsWith('file:') && JSON.parse(readFileSync(file, 'utf8')).version !== version;
  });
  if (!missing) return true;
  console.error('installing what the benchmark compares with ...');
  return spawnSync('npm', ['install', '--loglevel', 'error'], { cwd: here, stdio: 'inherit' }).status === 0;
}
