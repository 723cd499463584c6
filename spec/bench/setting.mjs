import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';

const require = createRequire(import.meta.url);

/** Version of an installed package, whether or not it lets its package.json be imported. */
function versionOf(/** @type {string} */ name) {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')).version;
    } catch {}
  }
  return 'not installed';
}

function natsServer() {
  const { stdout, error } = spawnSync('nats-server', ['--version'], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  return error ? 'not installed' : stdout.replace(/^.*v/, '').trim();
}

/** How many files one process may have open. */
export function openFiles() {
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' });
  return Number(stdout) || Number.POSITIVE_INFINITY;
}

/** The machine, the versions and the command. */
export function setting() {
  const { dependencies } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
  return {
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim(),
    at: new Date().toISOString(),
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    versions: {
      ...Object.fromEntries(Object.keys(dependencies).map((name) => [name, versionOf(name)])),
      'nats-server': natsServer(),
    },
  };
}
