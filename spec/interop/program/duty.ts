// What hub and worker of a trial have in common: the three handlers, and the talk with the one who started them.
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusError, type BusEvent, handler } from '../../../lib/index.js';
import type { Command, Told } from '../told.js';

type Untimed<T> = T extends unknown ? Omit<T, 'at'> : never;

export function tell(told: Untimed<Told>, at = Date.now()): void {
  process.stdout.write(`${JSON.stringify({ ...told, at })}\n`);
}

export function tellEvent({ kind, worker, type, cause, epoch, at }: BusEvent): void {
  tell({ kind: 'event', event: kind, worker, type, cause, epoch }, at);
}

export const handlers = [
  handler('compute', ({ payload }) => {
    tell({ kind: 'began' });
    const until = performance.now() + (payload as number);
    while (performance.now() < until);
    tell({ kind: 'ended' });
  }),
  handler('wait', async ({ payload }) => {
    tell({ kind: 'began' });
    await sleep(payload as number);
    tell({ kind: 'ended' });
  }),
  handler('note', () => tell({ kind: 'noted' })),
];

/** Makes each request that is asked for, and tells how it ended; ends with the one who asks. */
export function obey(request: (type: string, payload: number) => Promise<unknown>): void {
  const commands = createInterface({ input: process.stdin });
  commands.on('line', async (line) => {
    const command = JSON.parse(line) as Command;
    if (command.do !== 'send') return;
    const { type, payload } = command;
    const error = await request(type, payload).then(
      () => null,
      (thrown: unknown) => (BusError.is(thrown) ? thrown.code : String(thrown)),
    );
    tell({ kind: 'settled', type, error });
  });
  commands.on('close', () => process.exit());
}
