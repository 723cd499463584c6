import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Beat, BeatTiming, Frame, Progress, Pulse, Welcome } from '../../lib/frame/frame.js';
import { grpcTransport } from '../../lib/transport/grpc/grpc-transport.js';
import type { Link, Listener, ServerTls } from '../../lib/transport/link.js';
import { eventually } from '../bus/moment.js';

export const timing: BeatTiming = {
  intervalMs: 100,
  suspectAfterMs: 5_000,
  lostAfterMs: 10_000,
  stalledAfterMs: 200,
};

type PulseBeat = Beat & { readonly progress: Progress };

/** A pulse call as the hub sees it. */
export class PulseCall {
  readonly frames: Frame[] = [];
  /** When each beat came, on the spec's clock. */
  readonly times: number[] = [];
  ended = false;

  constructor(readonly link: Link) {
    link.batches$.subscribe({
      next: (batch) => {
        for (const frame of decodeBatch(batch).frames) {
          this.frames.push(frame);
          if (frame.kind === 'beat') this.times.push(performance.now());
        }
      },
      error: () => {
        this.ended = true;
      },
      complete: () => {
        this.ended = true;
      },
    });
  }

  get greeting(): Pulse {
    return this.frames[0] as Pulse;
  }

  get beats(): PulseBeat[] {
    return this.frames.filter((frame): frame is PulseBeat => frame.kind === 'beat');
  }

  send(...frames: Frame[]): void {
    this.link.write(encodeBatch(frames), () => {});
  }

  /** Waits for so many more beats, and gives them. */
  async more(count: number, ms = 5_000): Promise<PulseBeat[]> {
    const before = this.beats.length;
    await eventually(`${count} more beats`, () => this.beats.length >= before + count, ms);
    return this.beats.slice(before);
  }
}

export interface FalseHubOptions {
  readonly address?: string;
  readonly tls?: ServerTls;
  readonly timing?: BeatTiming;
  readonly welcome?: Partial<Welcome>;
  readonly refusePulses?: Frame;
}

/** A hub that is the spec: it welcomes everybody, resumes whoever asks, and keeps what comes. */
export class FalseHub {
  readonly pulses: PulseCall[] = [];
  readonly frames: Frame[] = [];
  readonly links: Link[] = [];
  #listener: Listener | undefined;
  #beating: NodeJS.Timeout | undefined;
  #seq = 0;

  static async listen(options: FalseHubOptions = {}): Promise<FalseHub> {
    const hub = new FalseHub();
    const { address = '127.0.0.1:0', tls } = options;
    hub.#listener = await grpcTransport().listen(
      { address, maxBatchBytes: 1e6, ...(tls ? { tls } : {}) },
      (link, kind) => {
        if (kind === 'attach') return hub.#attach(link, options);
        const pulse = new PulseCall(link);
        hub.pulses.push(pulse);
        if (options.refusePulses) pulse.send(options.refusePulses);
      },
    );
    hub.#beating = setInterval(() => hub.#beat(), 50);
    return hub;
  }

  get address(): string {
    return (this.#listener as Listener).address;
  }

  pulse(which = 0): Promise<PulseCall> {
    return eventually(`pulse ${which}`, () => {
      const pulse = this.pulses[which];
      return pulse && pulse.beats.length > 0 ? pulse : undefined;
    });
  }

  /** Asks for a handler, over the newest link. */
  ask(type: string, payload: unknown): void {
    this.#seq += 1;
    this.#write({
      kind: 'message',
      seq: this.#seq,
      type,
      payload: Buffer.from(JSON.stringify(payload)),
      expects: 'reply',
      codec: '',
      timeoutMs: 0,
      attempt: 1,
      id: '',
    });
  }

  outcomes(): number {
    return this.frames.filter(({ kind }) => kind === 'outcome').length;
  }

  async close(): Promise<void> {
    clearInterval(this.#beating);
    for (const link of [...this.links, ...this.pulses.map(({ link }) => link)]) link.abort();
    await this.#listener?.close();
  }

  #attach(link: Link, options: FalseHubOptions): void {
    let greeted = false;
    link.batches$.subscribe({
      next: (batch) => {
        for (const frame of decodeBatch(batch).frames) {
          this.frames.push(frame);
          if (frame.kind !== 'hello' || greeted) continue;
          greeted = true;
          this.links.push(link);
          if (frame.resumeToken === undefined) this.#seq = 0;
          this.#write({
            kind: 'welcome',
            protocol: 1,
            sdk: '0.1.0',
            worker: frame.worker ?? '',
            epoch: '1.false',
            features: frame.features,
            reasons: [],
            beat: options.timing ?? timing,
            maxPayloadBytes: 1024 * 1024,
            resumeToken: 'resume',
            credit: { messages: 1_000, bytes: 1024 * 1024 },
            handles: [],
            labels: {},
            ...(frame.features.includes('pulse') ? { pulseToken: `secret-of-${frame.worker}` } : {}),
            ...(frame.received ? { received: { seq: 0, messages: 0, bytes: 0 } } : {}),
            ...options.welcome,
          });
        }
      },
      error: () => {},
    });
  }

  #beat(): void {
    this.#write({
      kind: 'beat',
      n: 1,
      lateMs: 0,
      inFlight: 0,
      queued: 0,
      handled: 0,
      oldestMs: 0,
      probe: false,
    });
  }

  #write(frame: Frame): void {
    this.links.at(-1)?.write(encodeBatch([frame]), () => {});
  }
}
