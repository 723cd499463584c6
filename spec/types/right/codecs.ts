import { z } from 'zod';
import { defineMessage, type StreamOf } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';
import { bus, holds, type Same } from '../bus.js';

const Render = defineMessage<{ frame: number }, { ms: number }>('render.frame', { codec: 'msgpack' });
const Tail = defineMessage<{ file: string }, StreamOf<string>>('tail', { codec: 'msgpack' });
const Ping = defineMessage('ping', { codec: 'json' });
const Length = defineMessage('length', { payload: z.string(), reply: z.number(), codec: 'msgpack' });
const Lines = defineMessage('lines', { stream: z.date(), codec: 'msgpack' });
const options = { payload: z.string(), codec: 'msgpack' };
const Kept = defineMessage('kept', options);

export async function calls() {
  const reply = await bus.request('w1', Render, { frame: 1 });
  holds<Same<typeof reply, { ms: number }>>();
  bus.stream('w1', Tail, { file: 'a' }).subscribe((line) => holds<Same<typeof line, string>>());
  await bus.send('w1', Ping);
  const length = await bus.request('w1', Length, 'abc');
  holds<Same<typeof length, number>>();
  bus.stream('w1', Lines).subscribe((line) => holds<Same<typeof line, Date>>());
  await bus.send('w1', Kept, 'as the schema takes it');
  holds<Same<typeof Render.codec, string | undefined>>();
}

export const handlers = [handler(Render, ({ payload }) => ({ ms: payload.frame }))];
