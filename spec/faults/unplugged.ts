// A pulled cable: the whole case runs in a network namespace that is there for as long as its processes are.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** As root, or as somebody who may be root in a namespace of their own. */
const ways = [['--net'], ['--user', '--map-root-user', '--net']];

/** All that the case needs: namespaces, rules by port, and ports of its own. */
const probe = [
  'ip link set lo up',
  'ip rule add pref 10 ipproto tcp sport 40000-40999 blackhole',
  'echo 50000 50999 > /proc/sys/net/ipv4/ip_local_port_range',
].join(' && ');

/** How to enter a namespace here; undefined where that cannot be had. */
export const namespace = ways.find(
  (way) =>
    spawnSync('unshare', [...way, 'sh', '-c', probe], { stdio: 'ignore', timeout: 10_000 }).status === 0,
);

export const unplugged = (way: readonly string[]) => (): Promise<void> =>
  new Promise((resolve, reject) => {
    const program = fileURLToPath(new URL('./program/unplugged.js', import.meta.url));
    const child = spawn('unshare', [...way, process.execPath, program], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    child.on('error', reject);
    child.on('message', (told) => {
      const { passed, text } = told as { readonly passed: boolean; readonly text?: string };
      if (passed) resolve();
      else reject(new Error(text));
    });
    child.on('exit', (code, signal) =>
      reject(new Error(`it ended with ${signal ?? code}, and told nothing`)),
    );
  });
