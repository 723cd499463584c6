import { streamWindow } from './order.js';

/** The items of a stream as they come out of a thread; advanced one at a time. */
export class Items implements AsyncIterableIterator<unknown> {
  readonly #ready: unknown[] = [];
  #end: { readonly thrown?: unknown } | undefined;
  #taken = 0;
  #allowed = streamWindow;
  #wake = () => {};

  constructor(
    private readonly thread: {
      /** So many items in all may come. */
      allow(items: number): void;
      /** No more are wanted; resolves when the handler has let go. */
      leave(): Promise<void>;
    },
  ) {}

  push(item: unknown): void {
    if (this.#end !== undefined) return;
    this.#ready.push(item);
    this.#wake();
  }

  /** After what is ready, ends the stream, or fails it. Only the first end counts. */
  end(how: { readonly thrown?: unknown } = {}): void {
    this.#end ??= how;
    this.#wake();
  }

  async next(): Promise<IteratorResult<unknown>> {
    while (this.#ready.length === 0 && this.#end === undefined)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#ready.length > 0) return { done: false, value: this.#take() };
    const end = this.#end;
    this.#end = {};
    if (end !== undefined && 'thrown' in end) throw end.thrown;
    return { done: true, value: undefined };
  }

  async return(): Promise<IteratorResult<unknown>> {
    this.#ready.length = 0;
    this.end();
    await this.thread.leave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): unknown {
    this.#taken += 1;
    if (this.#end === undefined && this.#allowed - this.#taken <= streamWindow / 2) {
      this.#allowed = this.#taken + streamWindow;
      this.thread.allow(this.#allowed);
    }
    return this.#ready.shift();
  }
}
