import { createHub, type Hub, type HubEvent, type HubOptions } from '../../lib/index.js';
import { Cable } from '../bus/cable.js';
import { Child } from '../bus/child.js';
import { eventually } from '../bus/moment.js';

/** The timings that a hub has where none are named. */
export const beat = { intervalMs: 1_000, suspectAfterMs: 3_000, lostAfterMs: 10_000, stalledAfterMs: 2_000 };

/** Room for a busy machine on top of what is promised: two intervals, in milliseconds. */
export const noise = 2 * beat.intervalMs;

export const isLink = (said: string): boolean => said.includes('main link');
export const isPulse = (said: string): boolean => !isLink(said);

const bystanders = ['by1', 'by2', 'by3'];
const log = { debug() {}, info() {}, warn() {}, error: (text: string) => console.error(text) };

/** A hub with default timings, workers in processes of their own, and bystanders of whom nothing may ever be said. */
export class Scene {
  readonly events: HubEvent[] = [];
  readonly hub: Hub;
  address = '';
  /** The case has ended, well or badly: nothing may go on. */
  over = false;
  readonly #ends: (() => unknown)[] = [];

  private constructor(options: HubOptions) {
    this.hub = createHub({ log, ...options });
    this.hub.events$.subscribe((event) => this.events.push(event));
  }

  /** Runs one case from its beginning to its end, and ends all that it used. */
  static async run<T>(play: (scene: Scene) => Promise<T>, options: HubOptions = {}): Promise<T> {
    const scene = new Scene(options);
    try {
      scene.address = await scene.hub.start();
      await scene.child(bystanders);
      const result = await play(scene);
      await scene.#unharmed();
      return result;
    } finally {
      scene.over = true;
      for (const end of scene.#ends.reverse()) await end();
      await scene.hub.close();
    }
  }

  /** Workers in one process, that have joined and whose pulses beat. */
  async child(ids: readonly string[], hub = this.address): Promise<Child> {
    const child = new Child('busy', { hub, ids });
    this.#ends.push(() => child.end());
    await child.tells('ready', ({ ready }) => ready === true, 60_000);
    for (const id of ids) await this.pulses(id);
    return child;
  }

  async cable(): Promise<Cable> {
    const cable = new Cable(this.address);
    await cable.start();
    this.#ends.push(() => cable.close());
    return cable;
  }

  async pulses(id: string, ms = 15_000): Promise<void> {
    const { hub } = this;
    await eventually(`a pulse of '${id}'`, () => hub.workers.has(id) && hub.explain(id).pulse?.open, ms);
  }

  /** What is told later is `since` this. */
  now(): number {
    return this.events.length;
  }

  /** The first such event since then, past or to come. */
  event(kind: HubEvent['kind'], worker: string, since: number, ms = 30_000): Promise<HubEvent> {
    const fits = (event: HubEvent, n: number) => n >= since && event.kind === kind && event.worker === worker;
    return eventually(`an event '${kind}' of '${worker}'`, () => this.events.find(fits), ms);
  }

  /** What was told of a worker since then, in short: `suspect silent`. */
  told(worker: string, since = 0): string[] {
    return this.events
      .slice(since)
      .filter(
        (event) =>
          event.worker === worker && /^(stalled|suspect|recovered|lost|left|fenced)$/.test(event.kind),
      )
      .map(({ kind }) => kind);
  }

  /** For how long the hub itself was held up since then: a machine that is busy does that. */
  heldUpMs(since: number): number {
    const lagged = this.events.slice(since).filter(({ kind }) => kind === 'lagged');
    return lagged.reduce((sum, { afterMs = 0 }) => sum + afterMs, 0);
  }

  epochOf(id: string): string | undefined {
    return this.hub.workers.get(id)?.epoch;
  }

  /** Nothing was ever said of who stood by, and they are served. */
  async #unharmed(): Promise<void> {
    for (const id of bystanders) {
      const grades = this.hub.explain(id).transitions.map(({ to, cause }) => `${to} ${cause}`);
      if (grades.length !== 1) throw new Error(`of bystander '${id}' was said: ${grades.join(', ')}`);
      await this.hub.request(id, 'echo', 0, { timeoutMs: 10_000 });
    }
  }
}

/**
 * Registers cases that run at the same time; a spec waits for its own. `CASE=killed npm run test:faults` runs those alone
 * that have the word in their name.
 */
export function sideBySide(all: Readonly<Record<string, () => Promise<void>>>): void {
  const cases = Object.entries(all).filter(([name]) => name.includes(process.env.CASE ?? ''));
  const running = new Map<string, Promise<{ readonly thrown?: unknown }>>();
  before(() => {
    for (const [name, run] of cases)
      running.set(
        name,
        run().then(
          () => ({}),
          (thrown: unknown) => ({ thrown }),
        ),
      );
  });
  for (const [name] of cases)
    it(name, async () => {
      const told = await running.get(name);
      if (told && 'thrown' in told) throw told.thrown;
    });
}
