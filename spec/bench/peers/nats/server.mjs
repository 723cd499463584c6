import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Why nats-server cannot run here, or nothing. */
export const missing = () =>
  spawnSync('nats-server', ['--version'], { env: withSbin() }).error
    ? 'nats-server is not installed'
    : undefined;

// Debian puts it where only root looks.
const withSbin = () => ({ ...process.env, PATH: `${process.env.PATH}:/usr/sbin` });

/** A nats-server on a port of its own, with its defaults; gives its address. `owned` is told its process id. */
export async function startServer(/** @type {(pid: number) => void} */ owned) {
  const server = spawn('nats-server', ['-a', '127.0.0.1', '-p', '-1'], {
    env: withSbin(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await new Promise((resolve, reject) => {
    server.once('spawn', resolve);
    server.once('error', reject);
  });
  owned(/** @type {number} */ (server.pid));
  process.once('exit', () => server.kill('SIGKILL'));
  const address = await new Promise((resolve, reject) => {
    const lines = createInterface({ input: server.stderr });
    lines.on('line', (line) => {
      const found = /Listening for client connections on (\S+)/.exec(line);
      if (found) resolve(found[1]);
    });
    lines.on('close', () => reject(new Error('nats-server ended before it listened')));
  });
  return { address, close: () => server.kill('SIGKILL') };
}
