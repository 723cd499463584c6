import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../house/sources.js';
import { type Pair, startMs } from './pair.js';
import { Program } from './program.js';

const folder = join(root, 'spec/interop');
const requirements = join(folder, 'requirements.txt');
const [wanted = ''] = readFileSync(requirements, 'utf8').split('\n');
const installMs = 300_000;

/** Real Locust, in a virtual environment of its own below `build`, made where it is missing. */
export class Locust {
  readonly #python: string;

  private constructor(
    home: string,
    readonly versions: Readonly<Record<string, string>>,
  ) {
    this.#python = pythonOf(home);
  }

  /** Throws in one line where Python or the package cannot be had. */
  static async installed(): Promise<Locust> {
    const home = join(root, 'build', wanted.replace('==', '-'));
    let versions = await versionsIn(home);
    if (versions === undefined) {
      console.error(`installing ${wanted} into ${home} ...`);
      await done('a virtual environment', 'python3', '-m', 'venv', '--clear', home);
      await done(wanted, pythonOf(home), '-m', 'pip', 'install', '--quiet', '--requirement', requirements);
      versions = await versionsIn(home);
    }
    if (versions === undefined) throw new Error(`${wanted} was installed, and cannot be imported`);
    return new Locust(home, versions);
  }

  /** Waits for one worker, and runs one user that does nothing. */
  master(): Program {
    const bind = ['--master-bind-host', '127.0.0.1', '--master-bind-port', '0'];
    const run = ['--headless', '--only-summary', '--users', '1', '--spawn-rate', '1'];
    return this.#locust('master', '--master', ...bind, ...run);
  }

  worker(address: string): Program {
    const [host = '', port = ''] = address.split(':');
    return this.#locust('worker', '--worker', '--master-host', host, '--master-port', port);
  }

  /** With the run going on. */
  async pair(): Promise<Pair> {
    const hub = this.master();
    const worker = this.worker((await hub.needs('ready', startMs)).address);
    await worker.needs('ready', startMs);
    await hub.needs('log', startMs, ({ text }) => text.startsWith('All users spawned'));
    return { hub, worker };
  }

  /** Sends a master one message by hand. */
  stranger(...args: readonly string[]): Program {
    return new Program("Locust's stranger", this.#python, ['stranger.py', ...args], folder);
  }

  #locust(name: string, ...args: readonly string[]): Program {
    const all = ['-m', 'locust', '--locustfile', 'locustfile.py', ...args];
    return new Program(`Locust's ${name}`, this.#python, all, folder);
  }
}

const pythonOf = (home: string): string => join(home, 'bin/python');

async function versionsIn(home: string) {
  if (!existsSync(pythonOf(home))) return undefined;
  const program = new Program('Python', pythonOf(home), ['versions.py'], folder);
  return (await program.hears('versions', startMs))?.versions;
}

async function done(what: string, command: string, ...args: readonly string[]): Promise<void> {
  const program = new Program(what, command, args);
  const exit = await program.exits(installMs);
  if (exit?.how === 'exit code 0') return;
  await program.end();
  const why = program.spoken.trim().split('\n').at(-1) || exit?.how || `not within ${installMs / 1_000} s`;
  throw new Error(`${what} cannot be had here: ${why}`);
}
