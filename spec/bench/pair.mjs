import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const limitMs = 60_000;

/** One child process and the reports that it has not been asked for yet. */
class Child {
  #reports = [];
  #wanted = [];
  #ended;

  constructor(/** @type {string} */ role, /** @type {URL} */ module, /** @type {string[]} */ flags) {
    this.name = `${role} of ${module.pathname.split('/').at(-2)}`;
    this.process = fork(fileURLToPath(new URL('./process.mjs', import.meta.url)), [role, module.href], {
      execArgv: flags,
    });
    this.process.on('message', (report) => this.#take(report));
    this.process.on('exit', (code, signal) => {
      this.#ended = new Error(`the ${this.name} ended with ${signal ?? code}`);
      for (const { reject } of this.#wanted.splice(0)) reject(this.#ended);
    });
  }

  #take(report) {
    const at = this.#wanted.findIndex(({ key, value }) => report[key] === value);
    if (at < 0) this.#reports.push(report);
    else this.#wanted.splice(at, 1)[0].resolve(report);
  }

  /** The first report with this value under this key, asked for before or after it came. */
  async report(key, value = true) {
    const at = this.#reports.findIndex((report) => report[key] === value);
    const report = at >= 0 ? this.#reports.splice(at, 1)[0] : await this.#next(key, value);
    if (report.error) throw new Error(`the ${this.name} failed: ${report.error}`);
    return report;
  }

  #next(key, value) {
    if (this.#ended) throw this.#ended;
    return new Promise((resolve, reject) => {
      const late = () =>
        reject(new Error(`the ${this.name} has not reported '${key}' for ${limitMs / 1000} s`));
      const timer = setTimeout(late, limitMs);
      const settle = (act) => (value) => {
        clearTimeout(timer);
        act(value);
      };
      this.#wanted.push({ key, value, resolve: settle(resolve), reject: settle(reject) });
    });
  }

  ask(command, rest = {}) {
    this.process.send({ command, ...rest });
    return this.report('reply', command);
  }

  async close() {
    if (this.#ended || !this.process.connected) return;
    const exit = once(this.process, 'exit');
    this.process.send({ command: 'close' });
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await exit;
    clearTimeout(timer);
  }
}

/**
 * A contestant's hub and client, connected, each in a process of its own.
 * @param {import('./contestants.mjs').Contestant} contestant
 * @param {number} size of the payloads, in bytes
 * @param {string[]} flags for Node.js
 */
export async function openPair(contestant, size, flags) {
  const hub = new Child('hub', contestant.hub, flags);
  const client = new Child('client', contestant.client, flags);
  const close = async () => {
    await client.close();
    await hub.close();
  };
  try {
    await Promise.all([hub.report('reply', 'start'), client.report('reply', 'start')]);
    const { address } = await hub.ask('open');
    await Promise.all([client.ask('open', { address }), hub.report('ready')]);
    await Promise.all([hub.ask('size', { size }), client.ask('size', { size })]);
  } catch (error) {
    hub.process.kill('SIGKILL');
    client.process.kill('SIGKILL');
    throw error;
  }
  return { contestant, hub, client, close };
}

/**
 * Runs a case once and checks what arrived.
 * @returns {Promise<number>} messages or requests per second
 */
export async function runOnce(pair, { kind, sender, inFlight }, count) {
  const [from, to] = sender === 'hub' ? [pair.hub, pair.client] : [pair.client, pair.hub];
  if (kind === 'request') {
    const { began, at } = await from.ask('request', { count, inFlight });
    return (count / (at - began)) * 1000;
  }
  await to.ask('expect', { count });
  const [{ began }, { at, problem }] = await Promise.all([
    from.ask('publish', { count }),
    to.report('received'),
  ]);
  const { extra } = await to.ask('rest');
  if (problem) throw new Error(`${pair.contestant.name}: ${problem}`);
  if (extra !== 0) throw new Error(`${pair.contestant.name}: ${extra} messages more than were sent`);
  return (count / (at - began)) * 1000;
}
