import { defineMessage, type StreamOf } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';
import { all, any } from '../../../lib/handler/target.js';
import { bus, holds, type Same } from '../bus.js';

const Render = defineMessage<{ frame: number }, { ms: number }>('render.frame');
const Config = defineMessage<{ users: number }>('config');
const Ping = defineMessage('ping');
const Tail = defineMessage<{ file: string }, StreamOf<string>>('tail');
type Anything = ReturnType<typeof JSON.parse>; // any: as a reply it must stay a reply
const Loose = defineMessage<Anything, Anything>('loose');

export async function calls() {
  const reply = await bus.request('w1', Render, { frame: 1 });
  holds<Same<typeof reply, { ms: number }>>();
  const nothing = await bus.request(any({ gpu: 'yes' }), Config, { users: 3 });
  holds<Same<typeof nothing, void>>();
  bus.publish(all(), Config, { users: 3 });
  bus.publish(any(), Ping, undefined);
  bus.stream('w1', Tail, { file: 'a' }).subscribe((line) => holds<Same<typeof line, string>>());
  await bus.request('w1', Loose, 17);
  const untyped = await bus.request('w1', 'render.frame', { frame: 1 });
  holds<Same<typeof untyped, unknown>>();
}

export const handlers = [
  handler(Render, ({ payload }) => ({ ms: payload.frame }), {
    concurrency: 2,
    key: (payload) => payload.frame,
  }),
  handler(Render, async ({ payload, type, id, headers }, { from, signal, deadline, attempt, log }) => {
    holds<Same<typeof payload, { frame: number }>>();
    holds<Same<typeof deadline, number | undefined>>();
    log.info(`${type} ${id} ${headers.trace} ${from.id} ${from.epoch} ${signal.aborted} ${attempt}`);
    return { ms: 1 };
  }),
  handler(Config, () => {}),
  handler(Config, async () => {}),
  handler(Loose, async () => 1),
  handler('anything', ({ payload }) => {
    holds<Same<typeof payload, unknown>>();
    return payload;
  }),
];
