import { defineMessage, type StreamOf } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';
import { holds, type Same } from '../bus.js';

const Crunch = defineMessage<{ n: number }, number>('crunch');
const Tail = defineMessage<{ file: string }, StreamOf<string>>('tail');
const place = { module: new URL('./crunch.js', import.meta.url), export: 'crunch' };

export const handlers = [
  handler(Crunch, place, { run: 'thread' }),
  handler(Crunch, place, {
    run: 'thread',
    concurrency: 2,
    timeoutMs: 100,
    key: (payload) => {
      holds<Same<typeof payload, { n: number }>>();
      return payload.n;
    },
  }),
  handler(Tail, place, { run: 'thread' }),
  handler('crunch', place, { run: 'thread', key: (payload) => String(payload) }),
  handler(Crunch, ({ payload }) => payload.n, { run: 'inline' }),
];
