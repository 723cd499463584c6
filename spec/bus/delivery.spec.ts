// What becomes of each verb under each fault, over real gRPC: the cells of the table in docs/delivery.md that no other spec
// shows.
import { expect } from 'chai';
import { z } from 'zod';
import { all, any, type BusError, type CallOptions, defineMessage, handler } from '../../lib/index.js';
import { Cable } from './cable.js';
import { Child } from './child.js';
import { eventually, failure, sleep } from './moment.js';
import { Trial } from './trial.js';

type Waiting = 'send' | 'request' | 'stream';
const waiting: readonly Waiting[] = ['send', 'request', 'stream'];

const Strict = defineMessage('strict', { payload: z.object({ n: z.number() }) });

/** What handlers of one side saw: `type payload`, and of which the signal fired. */
function noting() {
  const seen: string[] = [];
  const stopped: string[] = [];
  const handlers = [
    handler('note', ({ payload }) => {
      seen.push(`note ${payload}`);
      return payload;
    }),
    handler('hang', ({ payload }, { signal }) => {
      seen.push(`hang ${payload}`);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          stopped.push(`hang ${payload} ${(signal.reason as BusError).code}`);
          reject(signal.reason);
        });
      });
    }),
    handler('nap', async ({ payload }) => {
      seen.push(`nap ${payload}`);
      await sleep(150);
      return 'awake';
    }),
    handler('items', async function* ({ payload }) {
      seen.push(`items ${payload}`);
      yield 1;
      await sleep(150);
      yield 2;
    }),
    handler(Strict, ({ payload }) => void seen.push(`strict ${payload.n}`)),
    handler(
      'queue',
      async ({ payload }) => {
        seen.push(`queue ${payload}`);
        await sleep(150);
        return 'done';
      },
      { concurrency: 1 },
    ),
  ];
  return { seen, stopped, handlers };
}

type Noting = ReturnType<typeof noting>;

/** Calls from one side to the other, whichever it is. */
interface From {
  publish(type: string, payload: unknown): { queued: number; dropped: number };
  ask(verb: Waiting, type: string, payload: unknown, options?: CallOptions): Promise<unknown>;
}

describe('what becomes of a message', function () {
  this.timeout(20_000);
  const limits = { maxPayloadBytes: 100_000 };
  let here: Noting;
  let there: Noting;
  let cable: Cable;
  let worker: Awaited<ReturnType<Trial['worker']>>;
  const trial = Trial.suite(() => {
    here = noting();
    there = noting();
    return { limits, handlers: here.handlers };
  });

  const fromHub = (id: string): From => ({
    publish: (type, payload) => trial.hub.publish(id, type, payload),
    ask: (verb, type, payload, options) =>
      verb === 'stream'
        ? trial.hub.stream(id, type, payload, options).forEach(() => {})
        : trial.hub[verb](id, type, payload, options),
  });
  const fromWorker = (own: typeof worker): From => ({
    publish: (type, payload) => own.publish(type, payload),
    ask: (verb, type, payload, options) =>
      verb === 'stream'
        ? own.stream(type, payload, options).forEach(() => {})
        : own[verb](type, payload, options),
  });

  const join = async () => {
    cable = new Cable(trial.address);
    await cable.start();
    trial.later(() => cable.close());
    worker = await trial.worker({ id: 'w1', hub: cable.address, ...limits, handlers: there.handlers });
  };
  /** For a hub that the spec has ended. At its address, its workers come back by themselves. */
  const anew = async (listen?: string) => {
    await trial.begin({ handlers: here.handlers, ...(listen === undefined ? {} : { listen }) });
    if (listen !== undefined) return trial.hub.waitFor(2);
    await trial.worker({ id: 'healthy', handlers: [handler('echo', ({ payload }) => payload)] });
  };
  const away = async () => {
    cable.refuse(true);
    cable.cut();
    await trial.event('suspect', 'w1');
  };
  const backAnew = async (epoch: string | undefined) => {
    cable.refuse(false);
    await eventually('a new session', () => {
      const info = trial.hub.workers.get('w1');
      return info?.liveness === 'alive' && info.epoch !== epoch;
    });
  };

  it('to a worker whose link is away for too long: not-sent, unknown or undelivered, and nothing arrives later', async () => {
    await join();
    const hub = fromHub('w1');
    const epoch = trial.hub.workers.get('w1')?.epoch;
    await hub.ask('send', 'hang', 'accepted');
    const left = (['request', 'stream'] as const).map((verb) => failure(hub.ask(verb, 'hang', verb)));
    await eventually('they run', () => there.seen.length === 3);
    await away();
    const kept = waiting.map((verb) => failure(hub.ask(verb, 'note', verb)));
    expect(hub.publish('note', 'publish')).to.deep.equal({ queued: 1, dropped: 0 });
    await trial.event('lost', 'w1');
    for (const error of await Promise.all(left)) {
      expect(error).to.include({ code: 'peer-lost', retryable: true });
      expect(error.details).to.include({ delivery: 'unknown', cause: 'lost' });
    }
    for (const error of await Promise.all(kept)) {
      expect(error).to.include({ code: 'peer-lost', retryable: true });
      expect(error.details).to.include({ delivery: 'not-sent', cause: 'lost' });
    }
    expect(trial.events('undelivered', 'w1').map(({ type }) => type)).to.deep.equal(['hang']);
    for (const verb of waiting)
      expect((await failure(hub.ask(verb, 'note', 'late'))).details).to.include({ delivery: 'not-sent' });
    expect(hub.publish('note', 'late')).to.deep.equal({ queued: 0, dropped: 1 });
    await backAnew(epoch);
    await eventually('their signals', () => there.stopped.length === 3);
    expect(await hub.ask('request', 'note', 'again')).to.equal('again');
    expect(there.seen.slice(3)).to.deep.equal(['note again']);
  });

  it('to a hub whose link is away for too long: unknown when it is back; what had not left goes to it then, once', async () => {
    await join();
    const own = fromWorker(worker);
    const epoch = trial.hub.workers.get('w1')?.epoch;
    await own.ask('send', 'hang', 'accepted');
    const left = (['request', 'stream'] as const).map((verb) => failure(own.ask(verb, 'hang', verb)));
    await eventually('they run', () => here.seen.length === 3);
    await away();
    const kept = (['send', 'request'] as const).map((verb) => own.ask(verb, 'note', verb));
    expect(own.publish('note', 'publish')).to.deep.equal({ queued: 1, dropped: 0 });
    await trial.event('lost', 'w1');
    await eventually('the signals of what ran', () => here.stopped.length === 3);
    await backAnew(epoch);
    for (const error of await Promise.all(left)) {
      expect(error).to.include({ code: 'peer-lost', retryable: true });
      expect(error.details).to.include({ delivery: 'unknown' });
    }
    await Promise.all(kept);
    await eventually('all three', () => here.seen.length === 6);
    expect(here.seen.slice(3)).to.deep.equal(['note send', 'note request', 'note publish']);
  });

  it('to a hub that does not come back: timeout, with what is known', async () => {
    await join();
    const own = fromWorker(worker);
    const left = failure(own.ask('request', 'hang', 1, { timeoutMs: 600 }));
    await eventually('it runs', () => here.seen.length === 1);
    await away();
    const kept = failure(own.ask('send', 'note', 2, { timeoutMs: 400 }));
    expect((await kept).details).to.include({ delivery: 'not-sent' });
    expect((await left).details).to.include({ delivery: 'unknown' });
    for (const error of [await kept, await left])
      expect(error).to.include({ code: 'timeout', retryable: true });
    cable.refuse(false);
    await trial.event('recovered', 'w1');
    expect(await own.ask('request', 'note', 3)).to.equal(3);
    expect(here.seen).to.deep.equal(['hang 1', 'note 3']);
  });

  it('that was on its way when its caller gave up and the link broke: is not handled later', async () => {
    await join();
    cable.stall(true);
    const given = new AbortController();
    const { signal } = given;
    const asked = [fromHub('w1'), fromWorker(worker)].flatMap((from) =>
      waiting.map((verb) => failure(from.ask(verb, 'note', verb, { signal }))),
    );
    await sleep(20);
    given.abort();
    for (const error of await Promise.all(asked)) expect(error).to.include({ code: 'cancelled' });
    cable.cut();
    cable.stall(false);
    await trial.event('recovered', 'w1');
    expect(await fromHub('w1').ask('request', 'note', 2)).to.equal(2);
    expect(await fromWorker(worker).ask('request', 'note', 2)).to.equal(2);
    expect([here.seen, there.seen]).to.deep.equal([['note 2'], ['note 2']]);
  });

  it('is done once though there is garbage on its link, again and again', async () => {
    await join();
    const calls: Promise<unknown>[] = [];
    for (let times = 0; times < 5; times++) {
      for (const from of [fromHub('w1'), fromWorker(worker)])
        for (let n = 0; n < 20; n++)
          calls.push(
            from.ask('send', 'note', `s${times} ${n}`),
            from.ask('request', 'note', `r${times} ${n}`),
          );
      await sleep(5);
      cable.garble('to hub');
      await eventually('it dials again', () => cable.count > times + 1);
    }
    await Promise.all(calls);
    for (const { seen } of [here, there]) {
      await eventually('all are handled', () => seen.length >= 200);
      expect(new Set(seen).size).to.equal(200);
      expect(seen).to.have.lengthOf(200);
    }
  });

  it('that is too large or no data is refused at once, whatever the verb, and nothing leaves', async () => {
    await join();
    const large = new Uint8Array(limits.maxPayloadBytes + 1);
    for (const from of [fromHub('w1'), fromWorker(worker)])
      for (const [payload, code] of [
        [large, 'too-large'],
        [10n, 'unserialisable'],
      ] as const) {
        expect(() => from.publish('note', payload))
          .to.throw()
          .with.property('code', code);
        for (const verb of waiting)
          expect(await failure(from.ask(verb, 'note', payload))).to.include({ code, retryable: false });
      }
    expect([here.seen, there.seen]).to.deep.equal([[], []]);
  });

  it('of a hub that drains or closes: its own calls end first, or hear closed with what is known', async () => {
    await join();
    const hub = fromHub('w1');
    const napping = hub.ask('request', 'nap', 1);
    const items: unknown[] = [];
    const streaming = trial.hub.stream('w1', 'items', 1).forEach((item) => void items.push(item));
    await eventually('both run', () => there.seen.length === 2);
    const drained = trial.hub.drain();
    expect(await napping).to.equal('awake');
    await streaming;
    expect(items).to.deep.equal([1, 2]);
    await drained;
    for (const verb of waiting)
      expect(await failure(hub.ask(verb, 'note', 2))).to.include({ code: 'closed' });
    expect(() => hub.publish('note', 2))
      .to.throw()
      .with.property('code', 'closed');
    await anew();
    await trial.worker({ id: 'w2', handlers: there.handlers });
    const asked = (['request', 'stream'] as const).map((verb) => failure(fromHub('w2').ask(verb, 'hang', 3)));
    await eventually('they run', () => there.seen.length === 4);
    await trial.hub.close();
    for (const error of await Promise.all(asked)) {
      expect(error).to.include({ code: 'closed', retryable: false });
      expect(error.details).to.include({ delivery: 'unknown' });
    }
    await anew();
  });

  it('to a worker that is killed and restarted under its id: peer-lost at once, and the new process gets what comes then', async () => {
    const start = () => {
      const process = new Child('worker', { hub: trial.address, id: 'w1' });
      trial.later(() => process.end());
      return process;
    };
    const first = start();
    await first.ready();
    const hub = fromHub('w1');
    const running = failure(hub.ask('request', 'hang', 0), 15_000);
    await first.tells('that it runs', ({ running }) => running === 'hang');
    const second = start();
    await second.tells('that the id is in use', ({ kind }) => kind === 'refused');
    first.signal('SIGKILL');
    await trial.event('suspect', 'w1');
    const kept = waiting.map((verb) => failure(hub.ask(verb, 'count', verb), 15_000));
    hub.publish('count', 'publish');
    await second.ready();
    const ended = [await running, ...(await Promise.all(kept))];
    expect(ended.map(({ code, details }) => `${code} ${details.delivery}`)).to.deep.equal([
      'peer-lost unknown',
      ...waiting.map(() => 'peer-lost not-sent'),
    ]);
    for (const { details } of ended) expect(details).to.include({ cause: 'superseded' });
    expect(await hub.ask('request', 'counts', 0)).to.deep.equal({});
  });

  for (const side of ['worker', 'hub'] as const)
    it(`to a ${side} that drains: what runs ends, what waits gets draining, and a publish is dropped and told`, async () => {
      await join();
      const [from, to, receiver] =
        side === 'worker'
          ? ([fromHub('w1'), worker, there] as const)
          : ([fromWorker(worker), trial.hub, here] as const);
      const events = side === 'worker' ? worker.seen : trial.hubEvents;
      const running = from.ask('request', 'queue', 'running');
      await eventually('it runs', () => receiver.seen.length === 1);
      await from.ask('send', 'queue', 'accepted');
      from.publish('queue', 'published');
      const queued = (['request', 'stream'] as const).map((verb) => failure(from.ask(verb, 'queue', verb)));
      await eventually('they wait', () => to.stats().lane.queued === 4);
      const drained = to.drain();
      const late = waiting.map((verb) => failure(from.ask(verb, 'queue', `late ${verb}`)));
      for (const error of await Promise.all([...queued, ...late]))
        expect(error).to.include({ code: 'draining', retryable: true });
      expect(await running).to.equal('done');
      await drained;
      expect(receiver.seen).to.deep.equal(['queue running']);
      expect(events.filter(({ error }) => error?.code === 'draining')).to.have.length.at.least(4);
      const undelivered = (side === 'worker' ? trial.hubEvents : worker.seen).filter(
        ({ kind }) => kind === 'undelivered',
      );
      expect(undelivered.map(({ type, error }) => `${type} ${error?.code}`)).to.deep.equal([
        'queue draining',
      ]);
      if (side === 'worker') return;
      const kept = (['send', 'request'] as const).map((verb) => from.ask(verb, 'note', verb));
      from.publish('note', 'publish');
      await anew(trial.address);
      await Promise.all(kept);
      await eventually('the next hub has all', () => receiver.seen.length === 4);
      expect(receiver.seen.slice(1)).to.deep.equal(['note send', 'note request', 'note publish']);
    });

  for (const side of ['worker', 'hub'] as const) {
    const both = () =>
      side === 'worker'
        ? ([fromHub('w1'), there, worker] as const)
        : ([fromWorker(worker), here, trial.hub] as const);

    it(`to a ${side}, that runs out of time or is cancelled while it runs: its caller is told, its handler's signal fires; an accepted send goes on`, async () => {
      await join();
      const [from, receiver] = both();
      const given = new AbortController();
      const signal = given.signal;
      await from.ask('send', 'hang', 'send', { timeoutMs: 200, signal });
      const timed = (['request', 'stream'] as const).map((verb) =>
        failure(from.ask(verb, 'hang', verb, { timeoutMs: 200 })),
      );
      const cancelled = (['request', 'stream'] as const).map((verb) =>
        failure(from.ask(verb, 'hang', `${verb} of who cancels`, { signal })),
      );
      await eventually('they run', () => receiver.seen.length === 5);
      given.abort();
      for (const error of await Promise.all(cancelled)) expect(error).to.include({ code: 'cancelled' });
      for (const error of await Promise.all(timed)) {
        expect(error).to.include({ code: 'timeout', retryable: true });
        expect(error.details).to.include({ delivery: 'unknown' });
      }
      await eventually('four signals', () => receiver.stopped.length === 4);
      await sleep(50);
      expect(receiver.stopped.filter((text) => text.startsWith('hang send'))).to.deep.equal([]);
    });

    it(`to a ${side} that does not fit its contract: request and stream reject, a send is told as undelivered, a publish as a fault`, async () => {
      await join();
      const [from] = both();
      for (const verb of ['request', 'stream'] as const)
        expect(await failure(from.ask(verb, 'strict', 'garbage'))).to.include({ code: 'invalid-payload' });
      await from.ask('send', 'strict', 'garbage');
      from.publish('strict', 'garbage');
      const [told, faulted] =
        side === 'worker' ? [trial.hubEvents, worker.seen] : [worker.seen, trial.hubEvents];
      const undelivered = await eventually('the sender is told', () =>
        told.find(({ kind }) => kind === 'undelivered'),
      );
      expect(undelivered.error).to.include({ code: 'invalid-payload' });
      await eventually(
        'all four are faults',
        () => faulted.filter(({ kind }) => kind === 'fault').length === 4,
      );
    });
  }

  describe('that finds no room', () => {
    beforeEach(async () => {
      await trial.worker({ id: 'w2', lane: { capacity: 1, concurrency: 1 }, handlers: there.handlers });
      const hub = fromHub('w2');
      hub.publish('hang', 'plug');
      // What has credit leaves, and makes room for as many again.
      for (let turns = 0; turns < 5; turns++) {
        while (hub.publish('note', 0).dropped === 0);
        await sleep(20);
      }
      expect(hub.publish('note', 0).dropped).to.equal(1);
    });

    it('waits until its time is over: not-sent, and is not handled later', async () => {
      const errors = await Promise.all(
        waiting.map((verb) => failure(fromHub('w2').ask(verb, 'note', verb, { timeoutMs: 200 }))),
      );
      for (const error of errors) {
        expect(error).to.include({ code: 'timeout', retryable: true });
        expect(error.details).to.include({ delivery: 'not-sent' });
      }
    });

    it('is rejected at once if told so, and a publish is dropped', async () => {
      for (const verb of waiting)
        expect(await failure(fromHub('w2').ask(verb, 'note', verb, { overflow: 'reject' }))).to.include({
          code: 'overflow',
          retryable: true,
        });
      expect(fromHub('w2').publish('note', 1)).to.deep.equal({ queued: 0, dropped: 1 });
    });
  });

  describe('to any()', () => {
    const two = async () => {
      const first = await trial.worker({ id: 'w1', labels: { pool: 'a' }, handlers: there.handlers });
      const queue = (verb: 'send' | 'request') =>
        trial.hub[verb](any({ pool: 'a' }), 'queue', `${verb} of any`);
      return { first, queue };
    };

    it('whose worker drains goes to another, as a request; a stream that has begun to wait there does not', async () => {
      const { first, queue } = await two();
      const running = trial.hub.request('w1', 'queue', 'running');
      await eventually('it runs', () => there.seen.length === 1);
      const request = queue('request');
      const stream = failure(trial.hub.stream(any({ pool: 'a' }), 'queue', 'stream').forEach(() => {}));
      trial.hub.publish(any({ pool: 'a' }), 'queue', 'publish');
      await eventually('they wait', () => first.stats().lane.queued === 3);
      await trial.worker({ id: 'w2', labels: { pool: 'a' }, handlers: here.handlers });
      const drained = first.drain();
      expect(await request).to.equal('done');
      trial.hub.publish(all({ pool: 'a' }), 'note', 'all');
      await eventually('the other has it', () => here.seen.length === 2);
      expect(here.seen).to.deep.equal(['queue request of any', 'note all']);
      expect(await stream).to.include({ code: 'draining', retryable: true });
      await running;
      await drained;
    });

    it('whose worker is lost goes to another, as a request; a stream and an accepted send do not', async () => {
      const { first } = await two();
      const request = trial.hub.request(any({ pool: 'a' }), 'nap', 'request');
      const stream = failure(trial.hub.stream(any({ pool: 'a' }), 'hang', 'stream').forEach(() => {}));
      await trial.hub.send(any({ pool: 'a' }), 'hang', 'send');
      for (const n of [1, 2]) trial.hub.publish(any({ pool: 'a' }), 'queue', n);
      await eventually('they run', () => there.seen.length === 4 && first.stats().lane.queued === 1);
      await trial.worker({ id: 'w2', labels: { pool: 'a' }, handlers: here.handlers });
      await first.close();
      expect(await request).to.equal('awake');
      expect((await stream).details).to.include({ delivery: 'unknown' });
      expect(here.seen).to.deep.equal(['nap request']);
      expect(trial.events('undelivered', 'w1')).to.have.lengthOf(1);
    });

    it('that nobody takes in time is a no-worker, as a stream too', async () => {
      const waits = { timeoutMs: 100 };
      const asked = [
        trial.hub.send(any({ pool: 'b' }), 'note', 1, waits),
        trial.hub.request(any({ pool: 'b' }), 'note', 1, waits),
        trial.hub.stream(any({ pool: 'b' }), 'note', 1, waits).forEach(() => {}),
      ];
      for (const error of await Promise.all(asked.map((call) => failure(call)))) {
        expect(error).to.include({ code: 'no-worker', retryable: true });
        expect(error.details).to.include({ delivery: 'not-sent' });
      }
    });
  });

  it('to all() reaches the others while one is away, and that one when it is back in time', async () => {
    await join();
    const other = noting();
    await trial.worker({ id: 'w2', handlers: other.handlers });
    await away();
    expect(trial.hub.publish(all(), 'note', 1)).to.deep.equal({ queued: 2, dropped: 0 });
    await eventually('the other has it', () => other.seen.length === 1);
    cable.refuse(false);
    await eventually('both have it', () => there.seen.length === 1);
    await away();
    trial.hub.publish(all(), 'note', 2);
    await trial.event('lost', 'w1');
    expect(trial.hub.publish(all(), 'note', 3)).to.deep.equal({ queued: 1, dropped: 0 });
    await eventually('the other has all', () => other.seen.length === 3);
  });
});
