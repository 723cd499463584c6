import { BusError, textOf } from '../errors/bus-error.js';
import type { DisposalLimit } from './injection.js';

/** What went wrong, in words that follow the name of the service. */
export interface Failure {
  readonly text: string;
  readonly error: unknown;
}

const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Knows which services are to be disposed of: each object once, and none that was given as a value. */
export class Ownership {
  readonly #known = new WeakSet<object>();

  constructor(private readonly limit: DisposalLimit) {}

  /** Takes note of a service. Whether it is an object that was not known: a factory may hand on what it got. */
  claim(service: unknown): boolean {
    if (!isObject(service) || this.#known.has(service)) return false;
    this.#known.add(service);
    return true;
  }

  /** Disposes of what was claimed. Resolves with what went wrong; at the deadline that it takes too long. */
  dispose(service: unknown): Promise<Failure | undefined> {
    const { clock, deadlineMs } = this.limit;
    return new Promise((resolve) => {
      const cancel = clock.after(deadlineMs, () => {
        const text = `was not disposed of within ${deadlineMs} ms`;
        resolve({ text, error: new BusError('plugin', `a service ${text}`) });
      });
      this.#dispose(service)
        .then(
          () => resolve(undefined),
          (error) => resolve({ text: `could not be disposed of: ${textOf(error)}`, error }),
        )
        .finally(cancel);
    });
  }

  /** Of a promise, what it gave, unless that is known; also when that comes too late for anybody to wait. */
  async #dispose(service: unknown): Promise<void> {
    const given = service instanceof Promise ? await service.catch(() => undefined) : service;
    if (given !== service && !this.claim(given)) return;
    if (!isObject(given)) return;
    this.#known.delete(given);
    const disposable = given as Partial<AsyncDisposable & Disposable>;
    if (typeof disposable[Symbol.asyncDispose] === 'function') await disposable[Symbol.asyncDispose]?.();
    // Awaited as well: one that is asynchronous by mistake must not fail unseen.
    else await disposable[Symbol.dispose]?.();
  }
}
