import * as v from 'valibot';
import { z } from 'zod';
import { defineMessage } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';
import { bus, holds, type Same } from '../bus.js';

const seconds = z.object({ at: z.string().transform(Number) });
const Progress = defineMessage('progress', {
  payload: seconds,
  reply: v.pipe(
    v.string(),
    v.transform((text) => text.length),
  ),
});
const Line = defineMessage('tail', { payload: z.string(), stream: seconds });
const Notice = defineMessage('notice', { payload: v.object({ text: v.string() }) });
const Clock = defineMessage('clock', { reply: z.number() });

export async function calls() {
  const length = await bus.request('w1', Progress, { at: '12' });
  holds<Same<typeof length, number>>();
  bus.stream('w1', Line, 'a').subscribe(({ at }) => holds<Same<typeof at, number>>());
  const nothing = await bus.request('w1', Notice, { text: '' });
  holds<Same<typeof nothing, void>>();
  const time = await bus.request('w1', Clock, undefined);
  holds<Same<typeof time, number>>();
}

export const handlers = [
  handler(Progress, ({ payload }) => {
    holds<Same<typeof payload, { at: number }>>();
    return 'as the schema takes it';
  }),
  handler(Progress, () => 'keyed', {
    key: (payload) => {
      holds<Same<typeof payload, { at: number }>>();
      return payload.at;
    },
  }),
  handler(Line, async function* ({ payload }) {
    yield { at: payload };
  }),
];
