import type { Observable } from 'rxjs';
import { BusError } from '../../../lib/index.js';
import { sleep } from '../../bus/moment.js';
import { type Book, fates, type Kind, kindOf, most } from '../book.js';

const endsWithinMs = 15_000;

/** One way of a bus: from here to one peer. */
export interface Way {
  publish(type: string, payload: unknown): { readonly queued: number };
  send(type: string, payload: unknown): Promise<void>;
  request(type: string, payload: unknown): Promise<unknown>;
  stream(type: string, payload: unknown): Observable<unknown>;
}

/** Calls of all verbs in turn, each with its number, so many at once as `open`; notes what becomes of each, once. */
export class Traffic {
  readonly #fates = new Uint8Array(most);
  readonly #odd: string[] = [];
  #started = 0;
  #open = 0;
  #making: Promise<void> | undefined;
  #stopped = false;

  constructor(
    private readonly way: Way,
    private readonly open: number,
  ) {}

  get started(): number {
    return this.#started;
  }

  begin(): void {
    this.#stopped = false;
    this.#making = this.#make();
  }

  burst(count: number): void {
    for (let made = 0; made < count; made++) this.#one(this.#started++);
  }

  /** Makes no more; resolves when everything that was asked has come to its end, or when it should have. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#making;
    const deadline = performance.now() + endsWithinMs;
    while (this.#open > 0 && performance.now() < deadline) await sleep(5);
  }

  get book(): Book {
    return {
      started: this.#started,
      odd: this.#odd.slice(0, 20),
      marks: Buffer.from(this.#fates.subarray(0, this.#started)).toString('base64'),
    };
  }

  async #make(): Promise<void> {
    while (!this.#stopped && this.#started < most) {
      this.#one(this.#started++);
      if (this.#started % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
      while (this.#open >= this.open && !this.#stopped) await sleep(1);
    }
  }

  #one(n: number): void {
    const kind = kindOf(n);
    if (kind === 'publish') {
      const { queued } = this.way.publish(kind, n);
      return this.#settle(n, queued === 1 ? 'taken' : 'dropped');
    }
    this.#open += 1;
    const taken = (right: boolean) => {
      this.#open -= 1;
      this.#settle(n, right ? 'taken' : 'odd', `a wrong answer to ${n}`);
    };
    const failed = (thrown: unknown) => {
      this.#open -= 1;
      this.#settle(n, fateOf(thrown), `${kind} ${n}: ${thrown}`);
    };
    this.#ask(kind, n).then(taken, failed);
  }

  /** Resolves with whether the answer was right. */
  async #ask(kind: Exclude<Kind, 'publish'>, n: number): Promise<boolean> {
    if (kind === 'send') return (await this.way.send(kind, n)) === undefined;
    if (kind === 'request') return (await this.way.request(kind, n)) === n;
    const items: unknown[] = [];
    await this.way.stream(kind, n).forEach((item) => void items.push(item));
    return items.length === 2 && items[0] === n && items[1] === -n;
  }

  #settle(n: number, fate: keyof typeof fates, text = ''): void {
    if (this.#fates[n] !== fates.open) this.#odd.push(`${n} came to an end twice`);
    if (fate === 'odd') this.#odd.push(text);
    this.#fates[n] = fates[fate];
  }
}

function fateOf(thrown: unknown): keyof typeof fates {
  if (!BusError.is(thrown, 'peer-lost') || !thrown.retryable) return 'odd';
  const { delivery } = thrown.details;
  return delivery === 'not-sent' || delivery === 'unknown' ? delivery : 'odd';
}
