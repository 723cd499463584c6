// A worker by hand, with a pulse: its link and its pulse beat once a second, until they are told otherwise.
import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Beat, Frame, Hello, Holder, Progress, Welcome } from '../../lib/frame/frame.js';
import type { Cancel } from '../../lib/time/clock.js';
import type { Link } from '../../lib/transport/link.js';
import { type Bus, nobody, Stranger } from './bus.js';

const features = ['credit', 'resume', 'streams', 'chunks', 'pulse'];

export const greeting = (worker: string, more: Partial<Hello> = {}): Hello => ({
  ...nobody,
  protocolMin: 1,
  protocolMax: 1,
  version: '1.0.0',
  worker,
  incarnation: `of ${worker}`,
  handles: ['ask'],
  features,
  credit: { messages: 100, bytes: 1e6 },
  ...more,
});

export const beatOf = (n: number, progress?: Partial<Progress>, more: Partial<Beat> = {}): Beat => ({
  kind: 'beat',
  n,
  lateMs: 0,
  inFlight: 0,
  queued: 0,
  handled: 0,
  oldestMs: 0,
  probe: false,
  ...(progress
    ? { progress: { ticks: n, stillMs: 0, delayMs: 0, holders: [], cpuMs: 0, rssBytes: 0, ...progress } }
    : {}),
  ...more,
});

export const messageOf = (seq: number, type: string): Frame => ({
  kind: 'message',
  seq,
  type,
  payload: new Uint8Array(0),
  expects: 'reply',
  codec: 'bytes',
  timeoutMs: 0,
  attempt: 1,
  id: '',
});

/** A pulse by hand, on a host of its own. */
export class HandPulse {
  readonly frames: Frame[] = [];
  readonly link: Link;
  ended = false;
  n = 0;

  constructor(bus: Bus, host: string) {
    this.link = bus.network.transport(host).dial({ address: 'hub', maxBatchBytes: 1e7 }, 'pulse');
    this.link.batches$.subscribe({
      next: (batch) => this.frames.push(...decodeBatch(batch).frames),
      error: () => {
        this.ended = true;
      },
      complete: () => {
        this.ended = true;
      },
    });
  }

  /** What came, in short: `redial`, `unauthenticated`. */
  get heard(): string[] {
    return this.frames.map((frame) => (frame.kind === 'refusal' ? frame.code : frame.kind));
  }

  show({ worker, epoch, pulseToken = '' }: Welcome, more: { epoch?: string; token?: string } = {}): this {
    return this.send({ kind: 'pulse', worker, epoch, token: pulseToken, ...more });
  }

  beat(progress: Partial<Progress> = {}, more: Partial<Beat> = {}): this {
    this.n += 1;
    return this.send(beatOf(this.n, progress, more));
  }

  send(...frames: Frame[]): this {
    return this.bytes(encodeBatch(frames));
  }

  bytes(batch: Uint8Array): this {
    this.link.write(batch, () => {});
    return this;
  }
}

export class HandWorker {
  link!: Stranger;
  pulse: HandPulse | undefined;
  /** Whether the link beats, and the pulse. */
  linkBeats = true;
  pulseBeats = true;
  holders: readonly Holder[] = [];
  #still: number | undefined;
  #beats = 0;
  #cancel: Cancel = () => {};

  private constructor(
    private readonly bus: Bus,
    readonly id: string,
  ) {}

  static async join(
    bus: Bus,
    id = 'w1',
    { pulse = true, more = {} as Partial<Hello> } = {},
  ): Promise<HandWorker> {
    const hand = new HandWorker(bus, id);
    await hand.greet(more);
    if (pulse) await hand.dialPulse();
    hand.#run();
    return hand;
  }

  get welcome(): Welcome {
    const [welcome] = this.link.of('welcome');
    if (welcome === undefined) throw new Error(`no welcome, but ${JSON.stringify(this.link.frames)}`);
    return welcome;
  }

  async greet(more: Partial<Hello> = {}): Promise<void> {
    this.link = new Stranger(this.bus, this.id).send(greeting(this.id, more));
    this.#beats = 0;
    await this.bus.clock.settle();
  }

  /** Dials again, and goes on with the session. */
  async resume(): Promise<void> {
    const { resumeToken } = this.welcome;
    await this.greet({ resumeToken, received: { seq: 0, messages: 0, bytes: 0 } });
  }

  async dialPulse(): Promise<HandPulse> {
    this.pulse = new HandPulse(this.bus, `${this.id} pulse`).show(this.welcome).beat(this.#progress());
    await this.bus.clock.settle();
    return this.pulse;
  }

  /** The event loop stands still: the link is silent, and the pulse says who holds it; `a?`: who may. */
  stand(...types: string[]): void {
    this.#still = this.bus.clock.now();
    this.holders = types.map((name) => {
      const [type = '', plugin = ''] = name.replace('?', '').split(' of ');
      return { type, plugin, running: types.length === 1 && !name.endsWith('?') };
    });
  }

  turn(): void {
    this.#still = undefined;
    this.holders = [];
  }

  /** SIGKILL: both connections break. */
  kill(): void {
    this.stop();
    this.link.link.abort();
    this.pulse?.link.abort();
  }

  stop(): void {
    this.#cancel();
    this.#cancel = () => {};
  }

  end(): void {
    this.stop();
    void this.link.link.close();
    void this.pulse?.link.close();
  }

  #progress(): Partial<Progress> {
    const stillMs = this.#still === undefined ? 0 : this.bus.clock.now() - this.#still;
    return { stillMs, holders: stillMs > 1_000 ? this.holders : [] };
  }

  #run(): void {
    this.#cancel = this.bus.clock.after(1_000, () => {
      if (this.linkBeats && this.#still === undefined) this.link.send(beatOf(++this.#beats));
      if (this.pulseBeats) this.pulse?.beat(this.#progress());
      this.#run();
    });
  }
}
