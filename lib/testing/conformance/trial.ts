import { BusError, textOf } from '../../errors/bus-error.js';
import type { Plugin, PluginContext } from '../../plugin/manifest.js';
import { systemClock } from '../../time/clock.js';
import type { Subject } from './subject.js';

/** One run of one case: what it has found, and what has to be ended after it. */
export class Trial {
  readonly clock = systemClock;
  /** What the plugin did wrong, each as the rest of a sentence about it. */
  readonly problems: string[] = [];
  readonly #ends: (() => unknown)[] = [];

  constructor(
    readonly subject: Subject,
    readonly rule: string,
  ) {}

  /** How long a step of the plugin, or an answer of one of its handlers, may take, in milliseconds. */
  get stepMs(): number {
    return this.subject.limitMs * 0.4;
  }

  /** How long a cancelled handler may take to settle, in milliseconds: less than what makes it `abandoned`. */
  get settleMs(): number {
    return this.subject.limitMs * 0.8;
  }

  /** How long what is closed may take to be gone, in milliseconds. */
  get goneMs(): number {
    return this.subject.limitMs * 0.2;
  }

  fail(text: string, cause?: unknown): never {
    throw this.subject.error([text], this.rule, cause);
  }

  /** Notes something that is wrong, and lets the case go on. */
  blame(text: string): void {
    if (!this.problems.includes(text)) this.problems.push(text);
  }

  later(end: () => unknown): void {
    this.#ends.push(end);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(ms, resolve));
  }

  /** What a promise comes to within `ms`; past that, the case fails with `text`. */
  within<T>(ms: number, text: string, promise: PromiseLike<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.clock.after(ms, () => reject(this.subject.error([text], this.rule)));
      promise.then(
        (value) => {
          cancel();
          resolve(value);
        },
        (thrown) => {
          cancel();
          reject(thrown);
        },
      );
    });
  }

  /** A new plugin whose steps are timed; `strict` also notes a `stop` that fails, which its host only logs. */
  plugin(strict = false): Plugin {
    return this.timed(this.subject.make(), strict);
  }

  /** The plugin with each of its steps under the time that this case gives. */
  timed(plugin: Plugin, strict = false): Plugin {
    const { manifest, contributes } = plugin;
    const step = (name: 'start' | 'ready' | 'stop') =>
      plugin[name] && {
        [name]: async (context: PluginContext) => {
          const advice = `heed context.signal, and leave what takes longer to the background`;
          const late = `has not ended its ${name}() after ${this.stepMs} ms: ${advice}`;
          try {
            await this.within(this.stepMs, late, Promise.resolve(plugin[name]?.(context)));
          } catch (thrown) {
            const isLate = BusError.is(thrown, 'plugin') && thrown.details.rule === this.rule;
            if (isLate) this.blame(late);
            else if (strict && name === 'stop')
              this.blame(`fails in stop(): ${textOf(thrown)}: stop() must bear whatever start() left`);
            throw thrown;
          }
        },
      };
    return {
      manifest,
      ...(contributes && { contributes }),
      ...step('start'),
      ...step('ready'),
      ...step('stop'),
    };
  }

  /** Ends what the case began, in reverse. Each has time for one late step of the plugin, and a little more. */
  async end(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) {
      const ended = Promise.resolve()
        .then(end)
        .catch(() => {});
      await this.within(this.stepMs + 250, '', ended).catch(() => {});
    }
  }
}
