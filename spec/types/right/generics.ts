import {
  defineMessage,
  type RequestContract,
  type SendInput,
  type SendOutput,
  type StreamOf,
} from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';
import { all, any } from '../../../lib/handler/target.js';
import { bus, holds, type Same, worker } from '../bus.js';

const Render = defineMessage<{ frame: number }, { ms: number }>('render.frame');
const Config = defineMessage<{ users: number }>('config');
const Ping = defineMessage('ping');
const Tail = defineMessage<{ file: string }, StreamOf<string>>('tail');
const Ticks = defineMessage<void, StreamOf<number>>('ticks');
type Anything = ReturnType<typeof JSON.parse>; // any: as a reply it must stay a reply
const Loose = defineMessage<Anything, Anything>('loose');

export async function calls() {
  const reply = await bus.request('w1', Render, { frame: 1 });
  holds<Same<typeof reply, { ms: number }>>();
  const nothing = await bus.request(any({ gpu: 'yes' }), Config, { users: 3 });
  holds<Same<typeof nothing, void>>();
  bus.publish(all(), Config, { users: 3 });
  bus.publish(any(), Ping, undefined);
  bus.publish(all(), Ping);
  bus.publish(all(), Ping, undefined, { overflow: 'drop-oldest' });
  await bus.send('w1', Ping);
  const pong = await bus.request('w1', Ping, undefined, { timeoutMs: 100 });
  holds<Same<typeof pong, void>>();
  await bus.request(any(), Ping);
  bus.stream('w1', Ticks).subscribe((tick) => holds<Same<typeof tick, number>>());
  await worker.request(Ping);
  worker.publish(Ping);
  await worker.send(Ping);
  worker.stream(Ticks).subscribe((tick) => holds<Same<typeof tick, number>>());
  await worker.request(Render, { frame: 1 }, { timeoutMs: 100 });
  bus.stream('w1', Tail, { file: 'a' }).subscribe((line) => holds<Same<typeof line, string>>());
  await bus.request('w1', Loose, 17);
  const untyped = await bus.request('w1', 'render.frame', { frame: 1 });
  holds<Same<typeof untyped, unknown>>();
}

/** Code that does not know the contract can still hand on a payload. */
export const relay = <C extends RequestContract>(message: C, payload: SendInput<C>): Promise<SendOutput<C>> =>
  bus.request('w1', message, payload, { timeoutMs: 100 });

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
