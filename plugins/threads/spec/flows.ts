// Streams that the specs have threads give.
import { setTimeout as pause } from 'node:timers/promises';
import { BusError, type Context, type HandlerMessage } from 'drumline/plugin';

type Message<Payload> = HandlerMessage<Payload>;

export async function* count({ payload }: Message<number>) {
  for (let n = 1; n <= payload; n += 1) yield n;
}
export const countAtOnce = ({ payload }: Message<number>) =>
  new Set(Array.from({ length: payload }, (_, n) => n + 1));
/** How many items were asked for. */
let asked = 0;
let closed = 0;
export async function* endless(_: unknown, { log }: Context) {
  try {
    for (asked = 0; ; ) {
      asked += 1;
      yield asked;
    }
  } finally {
    closed += 1;
    log.info('closed');
  }
}
export const progress = () => ({ asked, closed });

export async function* failHalfway() {
  yield 1;
  yield 2;
  throw new BusError('overflow', 'no third', { details: { at: 2 } });
}
export async function* crashHalfway() {
  yield 1;
  await pause(20);
  process.exit(4);
}
export async function* giveFunctions() {
  yield 1;
  yield () => {};
}
export function* spinBetween() {
  yield 1;
  for (;;);
}
export async function* chunks({ payload }: Message<number>) {
  for (let n = 0; n < payload; n += 1) yield new Uint8Array(1_000).fill(n);
}
export const observe = ({ payload }: Message<number>) => ({
  subscribe(observer: { next(item: number): void; complete(): void }) {
    for (let n = 1; n <= payload; n += 1) observer.next(n);
    observer.complete();
    return { unsubscribe() {} };
  },
});

export const square = ({ payload }: Message<number>): number => payload * payload;
