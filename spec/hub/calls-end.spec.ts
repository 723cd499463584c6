import { expect } from 'chai';
import { NEVER, Subject } from 'rxjs';
import type { Schema } from '../../lib/handler/standard-schema.js';
import { any, BusError, defineMessage, definePlugin, handler, provider, token } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, watched } from './bus.js';
import { Tap } from './tap.js';

/** Takes texts only, and answers a second later. */
const slowCheck = (bus: Bus): Schema<string> => ({
  '~standard': {
    version: 1,
    vendor: 'spec',
    validate: (value) =>
      new Promise((resolve) => {
        bus.clock.after(1_000, () =>
          resolve(typeof value === 'string' ? { value } : { issues: [{ message: 'no text' }] }),
        );
      }),
  },
});

describe('the end of a call', () => {
  noUnhandledRejections();

  it('of publishes that make room for a larger one is told with it, of each', async () => {
    const bus = await Bus.of({ outbox: { capacity: 100, capacityBytes: 10_000 } }, { id: 'w1' });
    bus.network.partition('hub', 'w1');
    const publish = (bytes: number) =>
      bus.hub.publish('w1', 'note', new Uint8Array(bytes), { overflow: 'drop-oldest' });
    // What is on the link already, and takes no more.
    for (let n = 0; n < 200; n += 1) {
      publish(1_000);
      await bus.clock.settle();
    }
    expect(bus.hub.stats().outbox).to.include({ queued: 10, queuedBytes: 10_000 });
    const { dropped } = bus.hub.stats().delivery.sent;
    expect(publish(8_000)).to.deep.equal({ queued: 1, dropped: 8 });
    expect(bus.hub.stats().delivery.sent.dropped - dropped).to.equal(8);
    expect(publish(1_000)).to.deep.equal({ queued: 1, dropped: 1 });
    await bus.close();
  });

  it('of a stream is counted as done, and cancels nothing, now or after a reconnect', async () => {
    const bus = new Bus();
    const tap = new Tap();
    await bus.startHub({
      listen: { address: 'hub', transport: tap.transport(bus.machine('hub').transport) },
    });
    await bus.join({ id: 'w1', handlers: [handler('count', () => [1, 2])] });
    for (let n = 0; n < 3; n += 1) bus.hub.stream('w1', 'count', {}).subscribe();
    await bus.clock.settle();
    bus.cut('w1');
    await bus.clock.advance(2_000);
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('alive');
    expect(bus.hub.stats().delivery.sent).to.include({ offered: 3, done: 3, cancelled: 0 });
    expect(tap.frames.filter(({ frame }) => frame.kind === 'cancel')).to.deep.equal([]);
    await bus.close();
  });

  it('of a stream waits for the checks of its items, and is that of one that fails', async () => {
    const bus = new Bus();
    const Lines = defineMessage('lines', { stream: slowCheck(bus) });
    const bad = handler('lines', () => ['a', 'b', 3]);
    await bus.startHub();
    await bus.join({ id: 'w1', handlers: [bad] });
    const seen: unknown[] = [];
    bus.hub.stream('w1', Lines).subscribe({
      next: (item) => seen.push(item),
      error: ({ code }) => seen.push(code),
      complete: () => seen.push('complete'),
    });
    await bus.clock.advance(5_000);
    expect(seen).to.deep.equal(['a', 'b', 'invalid-payload']);
    expect(bus.hub.stats().memory.usedBytes).to.equal(0);
    await bus.close();
  });

  it('of one that its caller cancels as its worker is lost is not put off by another try', async () => {
    const asked: string[] = [];
    const hang = (id: string) => [handler('job', () => new Promise(() => void asked.push(id)))];
    const bus = await Bus.of({}, { id: 'w1', handlers: hang('w1') });
    const caller = new AbortController();
    const call = watched(bus.hub.request(any(), 'job', {}, { signal: caller.signal, timeoutMs: 60_000 }));
    await bus.clock.settle();
    await bus.join({ id: 'w2', handlers: hang('w2') });
    bus.hub.events$.subscribe(({ kind }) => {
      if (kind === 'lost') caller.abort();
    });
    bus.network.partition('hub', 'w1');
    await bus.clock.advance(12_000);
    expect(call.error).to.include({ code: 'cancelled' });
    expect(asked).to.deep.equal(['w1']);
    await bus.close();
  });

  it('of the session ends one handler by the signal of another, and its services all the same', async () => {
    const THING = token<object>('thing');
    const notes: string[] = [];
    const other = new Subject<number>();
    const things = definePlugin({
      manifest: { name: 'things', version: '1.0.0', engines: { drumline: '*' } },
      contributes: {
        providers: [
          provider(THING, {
            scope: 'session',
            factory: () => ({ [Symbol.dispose]: () => void notes.push('disposed') }),
          }),
        ],
        handlers: [
          handler('first', (_, { services, signal }) => {
            services.get(THING);
            signal.addEventListener('abort', () => other.complete());
            return NEVER;
          }),
          handler('second', () => other),
        ],
      },
    });
    const bus = await Bus.of({ plugins: [things] }, { id: 'w1' });
    for (const type of ['first', 'second']) bus.workers[0]?.stream(type, {}).subscribe({ error() {} });
    await bus.clock.settle();
    void bus.workers[0]?.close();
    await bus.clock.advance(10_000);
    expect(notes).to.deep.equal(['disposed']);
    await bus.close();
  });

  it('of one through any() whose handler asked somebody who drains is not tried again', async () => {
    let runs = 0;
    const asks = handler('ask', () => {
      runs += 1;
      throw new BusError('draining', 'the hub takes no more work');
    });
    const bus = await Bus.of({}, { id: 'w1', handlers: [asks] });
    const call = watched(bus.hub.request(any(), 'ask', {}));
    await bus.clock.settle();
    expect(call.error).to.include({ code: 'draining' });
    expect(runs).to.equal(1);
    await bus.close();
  });

  it('of a worker reaches the handler that closes it', async () => {
    const bus = new Bus();
    await bus.startHub();
    let aborted = false;
    const closing = handler('close', (_, { signal }) => {
      void bus.workers[0]?.close();
      return new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          resolve();
        });
      });
    });
    await bus.join({ id: 'w1', handlers: [closing] });
    bus.hub.publish('w1', 'close', {});
    await bus.clock.settle();
    expect(aborted).to.equal(true);
    await bus.close();
  });
});
