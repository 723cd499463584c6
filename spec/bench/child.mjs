import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const limitMs = 90_000;
const closeWithinMs = 5000;

/** Every process that was begun here and has not ended, by id; those that a child began too. */
const alive = new Set();
const end = (/** @type {number} */ pid) => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {}
};
process.on('exit', () => alive.forEach(end));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(1));

/** A process that is told what to do over IPC, and the reports of it that nobody has asked for yet. */
export class Child {
  #reports = [];
  #wanted = [];
  #owned = new Set();
  #ended;

  /**
   * @param {string} name for errors
   * @param {string} program of this folder
   * @param {{ args?: string[], flags?: string[] }} options
   */
  constructor(name, program, { args = [], flags = [] } = {}) {
    this.name = name;
    this.process = fork(fileURLToPath(new URL(program, import.meta.url)), args, { execArgv: flags });
    alive.add(this.process.pid);
    this.process.on('message', (report) => this.#take(report));
    this.process.on('exit', (code, signal) => this.#end(signal ?? code));
  }

  #end(how) {
    alive.delete(this.process.pid);
    for (const pid of this.#owned) {
      end(pid);
      alive.delete(pid);
    }
    this.#ended = new Error(`the ${this.name} ended with ${how}`);
    for (const { reject } of this.#wanted.splice(0)) reject(this.#ended);
  }

  #take(report) {
    if (report.owned !== undefined) {
      alive.add(report.owned);
      this.#owned.add(report.owned);
      return;
    }
    const at = this.#wanted.findIndex(({ key, value }) => report[key] === value);
    if (at < 0) this.#reports.push(report);
    else this.#wanted.splice(at, 1)[0].resolve(report);
  }

  /** The first report with this value under this key, asked for before or after it came. */
  async report(key, value = true, withinMs = limitMs) {
    const at = this.#reports.findIndex((report) => report[key] === value);
    const report = at >= 0 ? this.#reports.splice(at, 1)[0] : await this.#next(key, value, withinMs);
    if (report.error) throw new Error(`the ${this.name} failed: ${report.error}`);
    return report;
  }

  #next(key, value, withinMs) {
    if (this.#ended) throw this.#ended;
    return new Promise((resolve, reject) => {
      const late = () =>
        reject(new Error(`the ${this.name} has not reported '${key} ${value}' for ${withinMs / 1000} s`));
      const timer = setTimeout(late, withinMs);
      const settle = (act) => (value) => {
        clearTimeout(timer);
        act(value);
      };
      this.#wanted.push({ key, value, resolve: settle(resolve), reject: settle(reject) });
    });
  }

  ask(command, rest = {}, withinMs = limitMs) {
    if (this.#ended) return Promise.reject(this.#ended);
    this.process.send({ command, ...rest });
    return this.report('reply', command, withinMs);
  }

  kill() {
    this.process.kill('SIGKILL');
  }

  async close() {
    if (this.#ended) return;
    const exit = once(this.process, 'exit');
    if (this.process.connected) this.process.send({ command: 'close' });
    const timer = setTimeout(() => this.kill(), closeWithinMs);
    await exit;
    clearTimeout(timer);
  }
}
