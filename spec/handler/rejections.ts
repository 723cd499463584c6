import { expect } from 'chai';
import { systemClock } from '../../lib/time/clock.js';

/** Fails a spec of this suite in which a rejection was left unhandled. */
export function noUnhandledRejections(): void {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  // While a spec of these listens, mocha's own listener would end the spec early with less to say.
  let others: NodeJS.UnhandledRejectionListener[] = [];
  beforeEach(() => {
    unhandled.length = 0;
    others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection').on('unhandledRejection', note);
  });
  afterEach(async () => {
    await new Promise<void>((resolve) => systemClock.soon(() => systemClock.soon(resolve)));
    process.removeAllListeners('unhandledRejection');
    for (const listener of others) process.on('unhandledRejection', listener);
    expect(unhandled).to.deep.equal([]);
  });
}
