import { expect } from 'chai';
import { systemClock, timestamp } from '../../lib/time/clock.js';

describe('the clock of this process', () => {
  it('runs what is due after its time, and not what was cancelled', async () => {
    const ran: string[] = [];
    systemClock.after(1, () => ran.push('cancelled'))();
    const from = systemClock.now();
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
    expect(systemClock.now() - from).to.be.at.least(4);
    expect(ran).to.deep.equal([]);
  });

  it('never fires for Infinity, and does not fire at once for longer than a timer can wait', async () => {
    const ran: string[] = [];
    systemClock.after(Number.POSITIVE_INFINITY, () => ran.push('infinity'));
    const cancel = systemClock.after(2 ** 40, () => ran.push('years'));
    await new Promise<void>((resolve) => systemClock.after(5, resolve));
    cancel();
    expect(ran).to.deep.equal([]);
  });

  it('runs the end of a turn before its input, and what comes soon after it', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.soon(() => {
        order.push('soon');
        resolve();
      });
      systemClock.atTurnEnd(() => order.push('turn end'));
      order.push('now');
    });
    expect(order).to.deep.equal(['now', 'turn end', 'soon']);
  });

  it('writes a date for people', () => {
    expect(timestamp(0)).to.equal('1970-01-01T00:00:00.000Z');
  });
});
