import { BusError } from '../../lib/errors/bus-error.js';

export type Verb = 'send' | 'request' | 'stream' | 'publish';

/** What a simulated message carries: who it is, and how its handler behaves. */
export interface Parcel {
  readonly id: string;
  /** Counts what one process has sent to another of one type; -1 where no order is promised. */
  readonly n: number;
  readonly sender: string;
  readonly key: string;
  readonly ms: number;
  readonly fails: boolean;
  readonly items: number;
  readonly pad: string | bigint;
}

interface Entry {
  readonly id: string;
  readonly sender: string;
  readonly type: string;
  readonly verb: Verb;
  readonly anywhere: boolean;
  state: 'open' | 'done' | 'failed' | 'given up';
  error?: BusError;
  handled: number;
}

/** Codes that say for certain that no handler saw the message; a handler that asks elsewhere may pass on another's. */
const neverHandled = new Set([
  'draining',
  'unhandled',
  'too-large',
  'unserialisable',
  'unknown-worker',
  'no-worker',
]);

/** Keeps account of every message, and of what may not be. The trace tells whether two runs were the same. */
export class Book {
  readonly violations: string[] = [];
  readonly #entries = new Map<string, Entry>();
  readonly #last = new Map<string, number>();
  readonly #numbers = new Map<string, number>();
  readonly #undelivered = new Map<string, number>();
  /** Since when nothing has gone wrong, and no call may run out of as much time as this. */
  #calm: { readonly atMs: number; readonly enoughMs: number } | undefined;
  readonly #joined = new Set<string>();
  readonly #started = new Map<string, number>();
  readonly #finished = new Map<string, number>();
  #trace = 0;
  readonly #lines: string[] = [];
  #count = 0;

  constructor(
    private readonly now: () => number,
    private readonly verbose: boolean,
  ) {}

  get trace(): number {
    return this.#trace;
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  /** How many calls came to what, for a look at what a run did. */
  get summary(): Record<string, number> {
    const summary: Record<string, number> = {};
    for (const { verb, state, error } of this.#entries.values()) {
      const name = `${verb} ${state === 'failed' ? (error?.code ?? 'failed') : state}`;
      summary[name] = (summary[name] ?? 0) + 1;
    }
    return summary;
  }

  note(line: string): void {
    let trace = (this.#trace ^ (this.now() * 1_000)) | 0;
    for (let i = 0; i < line.length; i++) trace = (Math.imul(trace, 31) + line.charCodeAt(i)) | 0;
    this.#trace = trace;
    if (this.verbose) this.#lines.push(`${this.now().toFixed(3)} ${line}`);
  }

  violation(text: string): void {
    this.violations.push(`at ${this.now()}: ${text}`);
    this.note(`VIOLATION ${text}`);
  }

  next(sender: string, receiver: string, type: string): number {
    const route = `${sender}>${receiver}:${type}`;
    const n = (this.#numbers.get(route) ?? 0) + 1;
    this.#numbers.set(route, n);
    return n;
  }

  open(sender: string, verb: Verb, type: string, anywhere: boolean): Entry {
    const id = `m${++this.#count}`;
    const entry: Entry = { id, sender, type, verb, anywhere, state: 'open', handled: 0 };
    this.#entries.set(id, entry);
    this.note(`${sender} ${verb} ${type} ${id}`);
    return entry;
  }

  /** From now on everything goes well: a call that has so much time and runs out of it was stuck. */
  calm(enoughMs: number): void {
    this.#calm = { atMs: this.now(), enoughMs };
  }

  settled(entry: Entry, thrown?: unknown): void {
    if (entry.state === 'given up') return this.violation(`${entry.id} was given up, and settled`);
    if (entry.state !== 'open') this.violation(`${entry.id} settled twice`);
    entry.state = thrown === undefined ? 'done' : 'failed';
    if (thrown === undefined) return this.note(`${entry.id} done`);
    if (!BusError.is(thrown)) return this.violation(`${entry.id} rejected with ${String(thrown)}`);
    entry.error = thrown;
    if (this.#calm && thrown.code !== 'handler-failed' && thrown.details.timeoutMs === this.#calm.enoughMs)
      this.violation(
        `${entry.id} (${entry.verb} ${entry.type} of ${entry.sender}) was stuck: ${thrown.message}`,
      );
    this.note(`${entry.id} failed ${thrown.code} ${String(thrown.details.delivery ?? '')}`);
  }

  /** Its consumer has gone: nobody will say how it ended. */
  unsubscribed(entry: Entry): void {
    if (entry.state === 'open') entry.state = 'given up';
  }

  /** A session began: its epoch is no other's, also not before a restart. */
  joined(worker: string, epoch: string): void {
    if (this.#joined.has(epoch)) this.violation(`${worker} joined with the epoch ${epoch} again`);
    this.#joined.add(epoch);
  }

  /** A handler of this process gave what it was to give. */
  finished(receiver: string): void {
    this.#finished.set(receiver, (this.#finished.get(receiver) ?? 0) + 1);
  }

  /** How many handlers of a process have started, and how many of them have done what they should. */
  runs(receiver: string): { readonly started: number; readonly finished: number } {
    return {
      started: this.#started.get(receiver) ?? 0,
      finished: this.#finished.get(receiver) ?? 0,
    };
  }

  undelivered(sender: string, type: string): void {
    const key = `${sender}:${type}`;
    this.#undelivered.set(key, (this.#undelivered.get(key) ?? 0) + 1);
  }

  handled(receiver: string, type: string, { id, n, sender, key }: Parcel, epoch: string): void {
    this.note(`${receiver} handles ${type} ${id}`);
    this.#started.set(receiver, (this.#started.get(receiver) ?? 0) + 1);
    const entry = this.#entries.get(id);
    if (entry === undefined) return this.violation(`${receiver} handles ${id}, which nobody sent`);
    entry.handled += 1;
    if (entry.handled > 1 && !entry.anywhere)
      this.violation(`${receiver} handles ${id} (${entry.verb}) again`);
    const once = `${receiver}|${epoch}|${id}`;
    if (this.#last.has(once)) this.violation(`${receiver} handles ${id} twice in one session`);
    this.#last.set(once, 1);
    if (n < 0) return;
    const route = `${sender}>${receiver}:${type}:${key}`;
    const last = this.#last.get(route) ?? 0;
    if (n <= last) this.violation(`${receiver} handles ${type} ${n} of ${sender} after ${last}`);
    this.#last.set(route, n);
  }

  /** Calls of these senders that have not settled. */
  openCalls(alive: (sender: string) => boolean): number {
    let open = 0;
    for (const { state, verb, sender } of this.#entries.values())
      if (state === 'open' && verb !== 'publish' && alive(sender)) open += 1;
    return open;
  }

  /** To be asked when everything is quiet: what must have come to an end, and what must agree. */
  close(alive: (sender: string) => boolean): void {
    const missing = new Map<string, number>();
    for (const entry of this.#entries.values()) {
      const { id, sender, type, verb, state, error, handled, anywhere } = entry;
      if (verb === 'publish' || !alive(sender)) continue;
      if (state === 'open') this.violation(`${id} (${verb} ${type} of ${sender}) never settled`);
      if (state === 'done' && handled === 0) {
        if (verb !== 'send') this.violation(`${id} (${verb} ${type}) has a reply, and nobody handled it`);
        else missing.set(`${sender}:${type}`, (missing.get(`${sender}:${type}`) ?? 0) + 1);
      }
      if (state !== 'failed' || anywhere || handled === 0 || type === 'back') continue;
      if (neverHandled.has(error?.code ?? '') || error?.details.delivery === 'not-sent')
        this.violation(`${id} (${verb} ${type}) failed with ${error?.code}, not sent, and was handled`);
    }
    for (const [key, count] of missing)
      if (count > (this.#undelivered.get(key) ?? 0))
        this.violation(
          `${key}: ${count} accepted and never handled, ${this.#undelivered.get(key) ?? 0} reported`,
        );
  }
}

export type { Entry };
