import { AsyncLocalStorage } from 'node:async_hooks';
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

  it('runs what was asked for at the end of a turn in that order, and what that asks for before the turn is over', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      systemClock.soon(resolve);
      systemClock.soon(() => order.push('next turn'));
      systemClock.atTurnEnd(() => {
        order.push('first');
        systemClock.atTurnEnd(() => order.push('asked for meanwhile'));
      });
      systemClock.atTurnEnd(() => order.push('second'));
    });
    expect(order).to.deep.equal(['first', 'second', 'asked for meanwhile']);
    systemClock.atTurnEnd(() => order.push('later'));
    await Promise.resolve();
    expect(order.at(-1)).to.equal('later');
  });

  it('ends a turn in the storage of nobody who asked for it', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    await new Promise<void>((resolve) => {
      storage.run('one', () => systemClock.atTurnEnd(() => seen.push(storage.getStore())));
      storage.run('another', () => systemClock.atTurnEnd(() => seen.push(storage.getStore())));
      systemClock.soon(resolve);
    });
    expect(seen).to.deep.equal([undefined, undefined]);
  });

  it('reports what the end of a turn throws, and runs the rest of it', async () => {
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    const thrown: unknown[] = [];
    process.once('uncaughtException', (error) => thrown.push(error));
    const ran: string[] = [];
    try {
      systemClock.atTurnEnd(() => {
        throw new Error('one of many');
      });
      systemClock.atTurnEnd(() => ran.push('the rest'));
      await new Promise<void>((resolve) => systemClock.soon(resolve));
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of before) process.on('uncaughtException', listener);
    }
    expect(ran).to.deep.equal(['the rest']);
    expect(String(thrown[0])).to.equal('Error: one of many');
  });

  it('writes a date for people', () => {
    expect(timestamp(0)).to.equal('1970-01-01T00:00:00.000Z');
  });
});
