import { setMaxListeners } from 'node:events';
import { BusError, textOf } from '../../errors/bus-error.js';
import type { ErrorCode } from '../../errors/code.js';
import { types } from './kit.js';
import type { LoopWatch } from './loop-watch.js';
import type { Stage } from './stage.js';
import type { Trial } from './trial.js';

/** How many messages are under way at once, and how often that is looked at, in milliseconds. */
const inFlight = 300;
const tickMs = 10;

/** What no message of the kit's may end with; anything else is an answer, or a refusal of the plugin's. */
const broken: readonly ErrorCode[] = ['plugin', 'timeout', 'peer-lost', 'handler-failed'];

/** Messages of the plugin's own under way all the time, the kit's beside them, and what became of those. */
export class Pressure {
  readonly #samples: readonly (readonly [type: string, payload: unknown])[];
  readonly #load = new AbortController();
  readonly #hanging = new AbortController();
  readonly #probes: Promise<void>[] = [];
  /** What messages of others failed with. */
  readonly failures: string[] = [];
  /** What waited in the lane when that was more than its bounds. */
  overflow: string | undefined;
  /** The longest time without a beat, in milliseconds. */
  silentMs = 0;
  readonly #since: number;
  #open = 0;
  #next = 0;

  constructor(
    private readonly trial: Trial,
    private readonly stage: Stage,
  ) {
    const { subject } = trial;
    this.#since = trial.clock.date();
    this.#samples = subject.types.flatMap((type) =>
      subject.samples(type).map((sample) => [type, sample] as const),
    );
    setMaxListeners(0, this.#load.signal, this.#hanging.signal);
  }

  /** The types of the plugin's messages that are being handled. */
  running(): readonly string[] {
    return [...this.stage.kit.seen].flatMap(([type, { running }]) => (running > 0 ? [type] : []));
  }

  /** Ends with every probe answered or failed; what hangs beside them hangs until then. */
  async run(watch: LoopWatch): Promise<void> {
    const { clock, subject } = this.trial;
    const end = clock.now() + subject.loadMs;
    for (let n = 0; clock.now() < end && watch.held.length === 0; n++) {
      this.#fill();
      if (n % 5 === 0) this.#disturb();
      if (n % 5 === 2) this.#probe();
      this.look();
      await this.trial.sleep(tickMs);
    }
    this.stage.kit.closed = new BusError('draining', 'conformance: the load is over');
    this.#load.abort();
    await Promise.all(this.#probes);
    this.#hanging.abort();
    this.look();
  }

  /** As many messages of the samples under way as there may be. */
  #fill(): void {
    while (this.#samples.length > 0 && this.#open < inFlight) {
      const { signal } = this.#load;
      const [type, payload] = this.#samples[this.#next++ % this.#samples.length] as readonly [
        string,
        unknown,
      ];
      this.#open += 1;
      this.stage.inward.stream(type, payload, { signal }).subscribe({
        error: () => {
          this.#open -= 1;
        },
        complete: () => {
          this.#open -= 1;
        },
      });
    }
  }

  /** Handlers beside those of the plugin throw, hang, and hold the loop for a moment. */
  #disturb(): void {
    const { signal } = this.#hanging;
    for (const type of [types.fail, types.hang, types.block])
      this.stage.inward.request(type, 'load', { signal }).catch(() => {});
  }

  #probe(): void {
    const probe = this.stage.inward.request(types.echo, { mark: 'load' }, { timeoutMs: this.trial.stepMs });
    const failed = (thrown: unknown) => {
      if (broken.some((code) => BusError.is(thrown, code))) this.failures.push(textOf(thrown));
    };
    this.#probes.push(probe.then(() => {}, failed));
  }

  /** Takes note of the lane and of the last beat. */
  look(): void {
    const { stage } = this;
    const { lane } = stage.kit.context?.stats() ?? {};
    if (lane && (lane.queued > lane.capacity || lane.queuedBytes > lane.capacityBytes))
      this.overflow = `${lane.queued} messages of ${lane.queuedBytes} bytes`;
    const last = stage.hub.workers.get(stage.worker.id)?.load.at || this.#since;
    this.silentMs = Math.max(this.silentMs, this.trial.clock.date() - last);
  }
}
