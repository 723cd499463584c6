import { BusError } from '../../errors/bus-error.js';
import type { Context } from '../../handler/context.js';
import { handler, type Registration } from '../../handler/registration.js';
import { isThenable } from '../../handler/thenable.js';
import type { HandlerInterceptor } from '../../plugin/contributions.js';
import type { Plugin, PluginContext } from '../../plugin/manifest.js';
import { sdkVersion } from '../../session/option.js';
import { systemClock } from '../../time/clock.js';

/** What the kit's own handlers fail with. */
export const onPurpose = 'conformance: this handler fails on purpose';
export const onPurposeInWords = new BusError('overflow', 'conformance: this handler refuses on purpose');

/** The message types of the kit's own handlers. */
export const types = {
  echo: 'conformance.echo',
  fail: 'conformance.fail',
  refuse: 'conformance.refuse',
  hang: 'conformance.hang',
  block: 'conformance.block',
  items: 'conformance.items',
} as const;

/** Waits until the result is no longer wanted. */
export const untilAborted = ({ signal }: Context): Promise<never> =>
  new Promise((_, reject) => {
    const fire = () => reject(signal.reason);
    if (signal.aborted) fire();
    else signal.addEventListener('abort', fire, { once: true });
  });

/** Holds the event loop for so many milliseconds. */
export function hold(ms: number): void {
  const end = systemClock.now() + ms;
  while (systemClock.now() < end);
}

/** Whether it gives many values. An array and other plain iterables are over at once, so they do not matter here. */
function isStream(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return 'subscribe' in value || Symbol.asyncIterator in value;
}

/** What was seen of one handler of the plugin. */
export interface Seen {
  /** Whether it gave a stream. */
  streams: boolean;
  /** How many of its calls have not settled; a stream counts until it is given. */
  running: number;
  /** The longest time that it held the event loop before it first gave it back, in milliseconds. */
  heldMs: number;
}

/** The kit's part in one process: handlers of its own, and an eye on those of the plugin. */
export class Kit {
  /** How often a handler of the kit ran for the message with this mark. */
  readonly ran = new Map<string, number>();
  readonly seen = new Map<string, Seen>();
  /** While it gives an error, no handler of the plugin is run. */
  closed: BusError | undefined;
  /** What the steps of this process may know; there once it has started. */
  context: PluginContext | undefined;

  /** Stands behind `required`, if there is one: its interceptor is inside, and it can see its services. */
  plugin(required?: Plugin, more: readonly Registration[] = []): Plugin {
    const { name } = required?.manifest ?? {};
    return {
      manifest: {
        name: 'drumline-conformance',
        version: sdkVersion,
        engines: { drumline: '*' },
        ...(name === undefined ? {} : { requires: { [name]: '*' } }),
      },
      contributes: { handlers: [...this.#handlers(), ...more], interceptors: [this.#watch] },
      start: (context) => {
        this.context = context;
      },
    };
  }

  seenOf(type: string): Seen {
    let seen = this.seen.get(type);
    if (seen === undefined) {
      seen = { streams: false, running: 0, heldMs: 0 };
      this.seen.set(type, seen);
    }
    return seen;
  }

  #handlers(): Registration[] {
    const note = (mark: unknown) => this.ran.set(String(mark), (this.ran.get(String(mark)) ?? 0) + 1);
    return [
      handler(types.echo, async ({ payload }) => {
        const { mark, waitMs = 0 } = payload as { mark: unknown; waitMs?: number };
        note(mark);
        await new Promise<void>((resolve) => systemClock.after(waitMs, resolve));
        return payload;
      }),
      handler(types.fail, ({ payload }) => {
        note(payload);
        throw new Error(onPurpose);
      }),
      handler(types.refuse, ({ payload }) => {
        note(payload);
        throw onPurposeInWords;
      }),
      handler(types.hang, ({ payload }, context) => {
        note(payload);
        return untilAborted(context);
      }),
      handler(types.block, () => hold(20)),
      handler(types.items, async function* () {
        yield* [1, 2, 3];
      }),
    ];
  }

  readonly #watch: HandlerInterceptor = (next) => (message, context) => {
    if (message.type.startsWith('conformance.')) return next(message, context);
    if (this.closed) throw this.closed;
    const seen = this.seenOf(message.type);
    const since = systemClock.now();
    const settled = (result?: unknown) => {
      seen.running -= 1;
      if (isStream(result)) seen.streams = true;
      return result;
    };
    const failed = (thrown: unknown) => {
      settled();
      throw thrown;
    };
    seen.running += 1;
    try {
      const result = next(message, context);
      return isThenable(result) ? result.then(settled, failed) : settled(result);
    } catch (thrown) {
      return failed(thrown);
    } finally {
      seen.heldMs = Math.max(seen.heldMs, systemClock.now() - since);
    }
  };
}
