import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Beat, Frame, Holder } from '../../lib/frame/frame.js';
import type { PulseOrder } from '../../lib/pulse/order.js';
import type { Marks, Pulse, PulseHost, PulseMember } from '../../lib/pulse/pulse.js';
import type { VirtualClock } from '../../lib/testing/virtual-clock.js';
import { Backoff } from '../../lib/time/backoff.js';
import type { Link } from '../../lib/transport/link.js';
import type { MemoryNetwork } from '../../lib/transport/memory/memory-network.js';
import { Machine } from './machine.js';

const tickMs = 25;
const mostHolders = 4;

/** What beats for the one worker of a simulated process: a thread, which runs on while the process' main loop is held. */
export class Beating implements Pulse, PulseMember {
  /** Of the thread: it is held and killed with its process, and dials from a host of its own. */
  readonly machine: Machine;
  readonly marks: Marks;
  /** How often the hub asked for a new link. */
  redials = 0;
  readonly #names: Holder[] = [];
  readonly #backoff: Backoff;
  #host: PulseHost | undefined;
  #order: PulseOrder | undefined;
  #link: Link | undefined;
  /** The link as the network has it, and what last left on it. */
  #wire: { readonly link: Link; batch: Uint8Array } | undefined;
  #beats = 0;
  #writing = false;
  #cancel = () => {};

  constructor(
    private readonly main: Machine,
    private readonly base: VirtualClock,
    network: MemoryNetwork,
    random: () => number,
  ) {
    this.machine = new Machine(`${main.host}/pulse`, base, network, (link) => {
      this.#wire = { link, batch: new Uint8Array(0) };
      return link;
    });
    this.#backoff = new Backoff(50, 200, random);
    this.marks = {
      add: (type, plugin) => this.#names.push({ type, plugin, running: false }),
      remove() {},
      enter: () => 0,
      leave() {},
      count() {},
    };
  }

  join(host: PulseHost): PulseMember {
    this.#host = host;
    return this;
  }

  beat(order: PulseOrder): void {
    if (order.epoch === this.#order?.epoch && order.token === this.#order.token) return;
    this.#order = order;
    this.machine.clock.soon(() => {
      if (this.#order !== order) return;
      this.#stop();
      this.#dial();
    });
  }

  rest(): void {
    this.#order = undefined;
    this.#stop();
  }

  leave(): void {
    this.rest();
  }

  /** What last left comes again for a while, as from something between that repeats it, whatever becomes of the process. */
  echo(times: number): void {
    const wire = this.#wire;
    if (wire === undefined) return;
    const { link, batch } = wire;
    for (let time = 1; time <= times; time++) this.base.after(70 * time, () => link.write(batch, () => {}));
  }

  #stop(): void {
    this.#cancel();
    this.#link?.abort();
    this.#link = undefined;
  }

  #dial(): void {
    const order = this.#order;
    if (order === undefined) return;
    const { worker, epoch, token, address } = order;
    const link = this.machine.transport.dial({ address, maxBatchBytes: 1e6 }, 'pulse');
    this.#link = link;
    this.#beats = 0;
    this.#writing = false;
    const ended = (cause: string) => link === this.#link && this.#ended(cause);
    link.batches$.subscribe({
      next: (batch) => this.#read(decodeBatch(batch).frames, link),
      error: (thrown) => ended(String(thrown)),
      complete: () => ended('the hub ended the call'),
    });
    if (link !== this.#link) return;
    this.#send(link, { kind: 'pulse', worker, epoch, token }, this.#next(0));
    if (link === this.#link) this.#wait(link, order);
  }

  #wait(link: Link, order: PulseOrder): void {
    const due = this.base.now() + order.intervalMs;
    this.#cancel = this.machine.clock.after(order.intervalMs, () => {
      // What refuses a pulse answers it first.
      if (this.#beats === 2) this.#tell((host) => host.began('a thread'));
      this.#send(link, this.#next(this.base.now() - due));
      // What is cut as it is written has ended by now.
      if (link === this.#link) this.#wait(link, order);
    });
  }

  #next(lateMs: number): Beat {
    const { main } = this;
    const host = this.#host as PulseHost;
    const { intervalMs = 0 } = this.#order ?? {};
    const { stillMs } = main;
    const named = host.oldest().flatMap((id) => this.#names[id - 1] ?? []);
    const progress = {
      ticks: Math.floor((this.base.now() - main.heldMs) / tickMs),
      stillMs,
      delayMs: main.takeLateMs(),
      holders: stillMs > intervalMs ? named.slice(0, mostHolders) : [],
      cpuMs: 0,
      rssBytes: 1,
    };
    return { kind: 'beat', n: ++this.#beats, lateMs, ...host.load(), probe: false, progress };
  }

  /** A beat that would wait behind another is left out. */
  #send(link: Link, ...frames: Frame[]): void {
    if (this.#writing) return;
    this.#writing = true;
    link.write(encodeBatch(frames), () => {
      if (link === this.#link) this.#writing = false;
    });
    // The secret is not repeated: who replays has no use for a call of its own.
    if (this.#wire) this.#wire.batch = encodeBatch(frames.filter(({ kind }) => kind === 'beat'));
  }

  #read(frames: readonly Frame[], link: Link): void {
    for (const frame of frames) {
      if (link !== this.#link) return;
      if (frame.kind === 'redial') {
        this.redials += 1;
        this.#tell((host) => host.redial(frame.reason));
      }
      if (frame.kind !== 'refusal') continue;
      if (frame.retryable) this.#ended(frame.message);
      else {
        this.rest();
        this.#tell((host) => host.lost(frame.message));
      }
    }
  }

  #ended(cause: string): void {
    this.#stop();
    this.#tell((host) => host.lost(cause));
    this.#cancel = this.machine.clock.after(this.#backoff.next(), () => this.#dial());
  }

  /** The main thread hears of it when its loop turns. */
  #tell(what: (host: PulseHost) => void): void {
    const { main } = this;
    const host = this.#host as PulseHost;
    main.clock.soon(() => what(host));
  }
}
