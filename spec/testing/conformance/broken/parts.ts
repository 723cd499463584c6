// Plugins whose codec, detector, service or executor is wrong.
import { type Plugin, provider, token } from '../../../../lib/plugin.js';
import { plugin } from '../healthy.js';
import { as, type Broken, onHub, onWorker } from './case.js';

const codec = (
  name: string,
  decode: (text: string) => unknown,
  encode: (value: unknown) => string = JSON.stringify,
): Plugin =>
  plugin(
    name,
    {
      contributes: {
        codecs: [
          {
            name: 'form',
            encode: (value) => Buffer.from(encode(value)),
            decode: (bytes) => decode(Buffer.from(bytes).toString()),
          },
        ],
      },
    },
    onHub,
  );

export const parts: Broken[] = [
  {
    what: 'a codec hangs',
    make: () =>
      codec('loops', (text) => {
        while (text.startsWith('\u0000'));
        return JSON.parse(text, (key, value) =>
          key === '__proto__' || key === 'constructor' ? undefined : value,
        );
      }),
    finds: {
      "codec 'form' bears bytes that are none of its own": /decode still runs after 1000 ms for 1 bytes/,
    },
  },
  {
    what: 'a codec encodes nothing',
    make: () =>
      codec('refuses', JSON.parse, () => {
        throw new Error('no');
      }),
    finds: { "codec 'form' gives back what it was given": /encodes none of \d+ plain values/ },
  },
  {
    what: 'a codec changes what it is given, and keeps keys of prototypes',
    make: () => codec('floors', (text) => (text === '1.5' ? 1 : JSON.parse(text))),
    finds: {
      "codec 'form' gives back what it was given": /gives 1 for 1\.5/,
      "codec 'form' lets nobody change a prototype": /__proto__/,
    },
  },
  {
    what: 'a detector knows no first beat, and is hasty',
    make: () =>
      plugin(
        'divides',
        {
          contributes: {
            detector: () => {
              let [first, last, beats] = [0, 0, 0];
              return {
                heard(at) {
                  if (beats === 0) first = at;
                  last = at;
                  beats += 1;
                },
                suspectAfterMs: () => (last - first) / (beats - 1),
              };
            },
          },
        },
        onWorker,
      ),
    finds: {
      'its detector suspects nobody who beats regularly': /answers NaN after 1 beats: give milliseconds/,
      'its detector answers with a number whatever it hears': /before it has heard anything/,
    },
  },
  {
    what: 'a detector keeps its state for all',
    make: () => {
      let gapMs = 0;
      let last = 0;
      return plugin(
        'mixes-peers',
        {
          contributes: {
            detector: ({ intervalMs, lostAfterMs }) => {
              gapMs = 2 * intervalMs;
              last = 0;
              return {
                heard(at) {
                  gapMs = Math.min(lostAfterMs, Math.max(gapMs, at - last));
                  last = at;
                },
                suspectAfterMs: () => gapMs,
              };
            },
          },
        },
        onWorker,
      );
    },
    finds: { 'its detector judges each peer by itself': /depends on another peer/ },
  },
  {
    what: 'a service cannot be built, and another not be disposed of',
    make: () =>
      plugin(
        'provides',
        {
          contributes: {
            providers: [
              provider(token<object>('spec.none'), {
                factory: () => {
                  throw new Error('no database');
                },
              }),
              provider(token<object>('spec.session'), {
                factory: () => ({
                  [Symbol.dispose]() {
                    throw new Error('closed already');
                  },
                }),
                scope: 'session',
              }),
            ],
          },
        },
        onHub,
      ),
    finds: as('hub', {
      'its services can be built, and are disposed of once':
        /provides 'spec\.none', which cannot be built: .*no database[\s\S]*provides 'spec\.session', whose disposal fails: closed already/,
    }),
  },
  {
    what: 'an executor computes on the event loop, and hides what fails',
    make: () =>
      plugin(
        'executes-here',
        {
          contributes: {
            executors: [
              {
                run: 'thread',
                async execute({ module, export: name }, message) {
                  const found = (await import(module.href)) as Record<string, (message: unknown) => unknown>;
                  try {
                    if ((message.payload as number) > 5_000) return 0;
                    return await found[name]?.(message);
                  } catch {
                    throw new Error('something failed');
                  }
                },
              },
            ],
          },
        },
        onWorker,
      ),
    finds: as('worker', {
      "executor 'thread' gives what a module gives, and tells what it throws":
        /makes something failed of what a module throws/,
      "executor 'thread' leaves the event loop alone": /computes on the event loop: run it in a thread/,
    }),
  },
];
