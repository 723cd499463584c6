// Plugins whose handlers misbehave.
import { setTimeout as sleep } from 'node:timers/promises';
import { handler } from '../../../../lib/plugin.js';
import { plugin } from '../healthy.js';
import { as, type Broken, never, onHub, onWorker } from './case.js';

export const handlers: Broken[] = [
  {
    what: 'a handler holds the event loop',
    make: () =>
      plugin(
        'computes',
        {
          contributes: {
            handlers: [
              handler('compute', ({ payload }) => {
                const end = performance.now() + (payload === 'much' ? 300 : 0);
                while (performance.now() < end);
                return 'done';
              }),
            ],
          },
        },
        onWorker,
      ),
    options: { blockMs: 150, messages: { compute: 'much' } },
    finds: as('worker', {
      'beats stay in time under load':
        /holds the event loop for 3\d\d ms in the handler of 'compute', more than 150: give the handler \{ run: 'thread' \}/,
    }),
  },
  {
    what: 'a handler holds the event loop after it has waited',
    make: () =>
      plugin(
        'computes-later',
        {
          contributes: {
            handlers: [
              handler('compute', async ({ payload }) => {
                await sleep(1);
                const end = performance.now() + (payload === 'much' ? 300 : 0);
                while (performance.now() < end);
                return 'done';
              }),
            ],
          },
        },
        onWorker,
      ),
    options: { blockMs: 150, messages: { compute: 'much' } },
    finds: as('worker', {
      'beats stay in time under load':
        /holds the event loop for \d+ ms in the handler of 'compute', more than 150/,
    }),
  },
  {
    what: 'a handler ignores its signal',
    make: () =>
      plugin(
        'does-not-heed',
        {
          contributes: {
            handlers: [
              handler('wait', async (_, { signal }) => {
                await sleep(15);
                return signal.aborted ? never() : 'done';
              }),
            ],
          },
        },
        onHub,
      ),
    options: { messages: { wait: 1 } },
    finds: as('hub', {
      "handler 'wait' settles when it is cancelled":
        /does not heed context\.signal in the handler of 'wait': it still runs 2400 ms/,
    }),
  },
  {
    what: 'a handler never answers garbage',
    make: () =>
      plugin(
        'hangs-on-garbage',
        {
          contributes: {
            handlers: [
              handler('say', ({ payload }, { signal }) =>
                typeof payload === 'string'
                  ? payload
                  : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
              ),
            ],
          },
        },
        onHub,
      ),
    options: { messages: { say: 'a' } },
    finds: as('hub', {
      "handler 'say' answers garbage with a value or a fault":
        /has not answered nothing sent to 'say' within 1200 ms[\s\S]*has not answered 64 KiB of bytes/,
    }),
  },
  {
    what: 'a handler lets garbage fail past everybody',
    make: () =>
      plugin(
        'lets-go',
        {
          contributes: {
            handlers: [
              handler('log', ({ payload }) => {
                void Promise.resolve().then(() => (payload as { text: string }).text.length);
              }),
            ],
          },
        },
        onHub,
      ),
    options: { messages: { log: { text: 'a' } } },
    finds: as('hub', {
      "handler 'log' answers garbage with a value or a fault":
        /rejects past everybody: Cannot read properties of undefined/,
    }),
  },
  {
    what: 'a handler gives what cannot travel, and takes no sample',
    make: () =>
      plugin(
        'gives-bigint',
        { contributes: { handlers: [handler('size', ({ payload }) => (payload === 1 ? 1n : 1))] } },
        onHub,
      ),
    options: { messages: { size: 1 } },
    finds: as('hub', {
      "handler 'size' answers its samples": /answers a sample of 'size' with unserialisable.*BigInt/,
    }),
  },
];
