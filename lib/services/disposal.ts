const isObject = (value: unknown): value is object =>
  (typeof value === 'object' && value !== null) || typeof value === 'function';

/** Knows which services are to be disposed of: each object once, and none that was given as a value. */
export class Ownership {
  readonly #known = new WeakSet<object>();

  /** Takes note of a service. Whether it is an object that was not known: a factory may hand on what it got. */
  claim(service: unknown): boolean {
    if (!isObject(service) || this.#known.has(service)) return false;
    this.#known.add(service);
    return true;
  }

  /** Disposes of what was claimed; for a promise, of what it gave, unless that is known. */
  async dispose(service: unknown): Promise<void> {
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
