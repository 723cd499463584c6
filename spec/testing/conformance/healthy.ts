// Plugins that do all that a plugin may do, and keep the rules.
import { createServer, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BusError,
  defineMessage,
  definePlugin,
  handler,
  handles,
  inject,
  injectable,
  type Plugin,
  provider,
  type StreamOf,
  token,
} from '../../../lib/plugin.js';

export const engines = { drumline: '^0.1.0' };

/** A plugin in short. */
export const plugin = (
  name: string,
  rest: Omit<Plugin, 'manifest'> = {},
  more: Partial<Plugin['manifest']> = {},
): Plugin => ({
  manifest: { name, version: '1.0.0', engines, ...more },
  ...rest,
});

const Shout = defineMessage<string, string>('good.shout');
const Later = defineMessage<number, string>('good.later');
const Tail = defineMessage<{ from: number }, StreamOf<number>>('good.tail');
const Count = defineMessage<void, number>('good.count');

class Counter {
  #count = 0;
  next(): number {
    this.#count += 1;
    return this.#count;
  }
  [Symbol.dispose](): void {
    this.#count = 0;
  }
}

const COUNTER = token<Counter>('good.counter');
const SESSION_COUNTER = token<Counter>('good.session-counter');

@injectable()
class Counting {
  constructor(@inject(COUNTER) readonly counter: Counter) {}

  @handles(Count)
  count(): number {
    return this.counter.next();
  }
}

const swapped = (text: string) =>
  JSON.parse(text, (key, value) => (['__proto__', 'constructor'].includes(key) ? undefined : value));

/** Something of every kind but those of the greeting. */
export const everything = definePlugin(({ label }: { label: string }) => {
  let server: Server | undefined;
  const seen = new Map<string, number>();
  return {
    manifest: { name: '@acme/everything', version: '1.2.3', engines, requires: { clock: '^1.0.0' } },
    contributes: {
      handlers: [
        handler(Shout, ({ payload }) => `${label}: ${String(payload).toUpperCase()}`),
        handler(
          Later,
          async ({ payload }, { signal }) => {
            await sleep(Math.min(Number(payload) || 0, 100), undefined, { signal });
            return 'later';
          },
          { concurrency: 100, timeoutMs: 1_500 },
        ),
        handler(Tail, async function* ({ payload }, { signal }) {
          for (let n = Number(payload?.from) || 0; ; n++) {
            yield n;
            await sleep(1, undefined, { signal });
          }
        }),
      ],
      interceptors: [
        (next) => (message, context) => next({ ...message, headers: { ...message.headers, label } }, context),
        {
          send: (next) => (message, context) =>
            next({ ...message, headers: { ...message.headers, label } }, context),
          handler: (next) => async (message, context) => {
            try {
              return await next(message, context);
            } catch (thrown) {
              if (BusError.is(thrown)) throw thrown;
              throw new BusError(
                'handler-failed',
                `seen: ${thrown instanceof Error ? thrown.message : 'a value'}`,
              );
            }
          },
        },
      ],
      observers: [(event) => void seen.set(event.kind, (seen.get(event.kind) ?? 0) + 1)],
      codecs: [
        {
          name: 'backwards',
          encode: (value) => Buffer.from(JSON.stringify(value)).reverse(),
          decode: (bytes) => swapped(Buffer.from(bytes).reverse().toString()),
        },
      ],
      detector: ({ suspectAfterMs, intervalMs }) => {
        let gapMs = intervalMs;
        let last = Number.NaN;
        return {
          heard(at) {
            if (at - last > gapMs) gapMs = Math.min(at - last, suspectAfterMs);
            last = at;
          },
          suspectAfterMs: () => Math.max(suspectAfterMs, 2 * gapMs),
        };
      },
      providers: [
        provider(COUNTER, { class: Counter }),
        provider(SESSION_COUNTER, { factory: () => new Counter(), scope: 'session' }),
      ],
      controllers: [Counting],
    },
    async start({ signal }) {
      server = createServer((_, response) => response.end(label));
      await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
      signal.addEventListener('abort', () => server?.close());
    },
    async stop() {
      await new Promise<void>((resolve) => (server?.listening ? server.close(() => resolve()) : resolve()));
      server = undefined;
    },
  };
});

/** What `everything` requires. */
export const clock = () => plugin('clock', {}, { version: '1.4.0' });

export const samples = {
  'good.shout': ['hello', ''],
  'good.later': [1, 20],
  'good.tail': { from: 3 },
  'good.count': [undefined],
};

/** Lets in who knows the word, in a version that it can read. */
export const gate = definePlugin((word: string) =>
  plugin(
    '@acme/gate',
    {
      contributes: {
        authenticate({ extra, worker }) {
          if (extra.word !== word) throw new BusError('unauthenticated', 'give the word in extra.word');
          return { subject: worker ?? 'nobody' };
        },
        handshake: [
          (next) => async (hello, context) => {
            const agreement = await next(hello, context);
            if (hello.version?.startsWith('9'))
              throw new BusError('incompatible', 'versions from 9 on are too new');
            return { ...agreement, degraded: true, reasons: [...agreement.reasons, 'came through the gate'] };
          },
        ],
      },
    },
    { roles: ['hub'] },
  ),
);
