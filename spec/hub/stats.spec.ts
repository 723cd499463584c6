import { expect } from 'chai';
import { handler } from '../../lib/handler/registration.js';
import { seededRandom } from '../../lib/transport/memory/seeded-random.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { numbersIn, unsoundIn } from '../simulation/sums.js';
import { ask, Crew, publish } from './crew.js';

/** A handler that ends when it is told to. */
function held(type = 'hang') {
  const ends: (() => void)[] = [];
  return {
    registration: handler(type, () => new Promise<void>((resolve) => ends.push(resolve))),
    async endAll(crew: Crew) {
      for (let round = 0; round < 50; round += 1) {
        for (const end of ends.splice(0)) end();
        await crew.clock.settle();
      }
    },
  };
}

/** What pulses tell, where there is none. */
const noPulse = { pulses: 0, worstDelayMs: 0, ignored: 0, refused: 0 };

const nothing = { queued: 0, queuedBytes: 0, unacknowledged: 0, waiting: 0, owed: 0, owedBytes: 0 };

const untouched = {
  received: {
    ...{ accepted: 0, queued: 0, running: 0, handled: 0, faulted: 0, expired: 0, cancelled: 0, lost: 0 },
    refused: { unhandled: 0, overflow: 0, draining: 0, tooLarge: 0, cancelled: 0 },
    abandoned: 0,
    repeated: 0,
  },
  sent: {
    ...{ offered: 0, refused: 0, dropped: 0, published: 0, queued: 0, waiting: 0, accepted: 0 },
    ...{ done: 0, faulted: 0, expired: 0, cancelled: 0, lost: 0, undelivered: 0 },
  },
  fenced: 0,
};

/** Both sides of one session: what one has granted is what the other holds. */
function agreement(crew: Crew): void {
  const [hub, worker] = [crew.stats().credit, crew.mates[0]?.stats().credit];
  expect(worker?.held).to.deep.equal(hub.granted);
  expect(worker?.granted).to.deep.equal(hub.held);
}

describe('stats', () => {
  noUnhandledRejections();

  it('of a fleet at rest show its bounds, its peers and its credit, and nothing else', async () => {
    const lane = { concurrency: 8, capacity: 100, capacityBytes: 10_000 };
    const crew = new Crew({ lane });
    expect(crew.stats()).to.deep.equal({
      at: crew.clock.date(),
      peers: { alive: 0, stalled: 0, suspect: 0, lost: 0, draining: 0 },
      lane: { queued: 0, queuedBytes: 0, running: 0, handled: 0, ...lane },
      outbox: nothing,
      memory: { usedBytes: 0, maxBytes: Number.MAX_SAFE_INTEGER },
      reassembly: { usedBytes: 0, capacityBytes: 128 * 1024 * 1024 },
      credit: { granted: { messages: 0, bytes: 0 }, held: { messages: 0, bytes: 0 } },
      beats: { ...noPulse, received: 0, lateMs: 0, worstMs: 0 },
      delivery: untouched,
    });
    const mate = await crew.join();
    const { peers, outbox, credit } = mate.stats();
    expect({ peers, outbox }).to.deep.equal({
      peers: { alive: 1, stalled: 0, suspect: 0, lost: 0, draining: 0 },
      outbox: nothing,
    });
    for (const each of [credit.granted, credit.held]) {
      expect(each.messages).to.be.above(0);
      expect(each.bytes).to.be.above(0);
    }
    agreement(crew);
    await crew.close();
  });

  it('show a lane that is full, and the outbox that waits for its credit', async () => {
    const { registration, endAll } = held();
    const lane = { concurrency: 4, capacity: 64, capacityBytes: 100_000 };
    const crew = new Crew({ lane, handlers: [registration] });
    const mate = await crew.join();
    const fates = Array.from({ length: 80 }, () => ask(mate.session, 'hang', 100));
    await crew.clock.settle();
    const [hub, worker] = [crew.stats(), mate.stats()];
    expect(hub.lane).to.include({ running: 2, queuedBytes: 100 * hub.lane.queued, handled: 0 });
    expect(hub.lane.queued).to.be.within(8, 64);
    const left = 80 - 2 - hub.lane.queued;
    expect(worker.outbox).to.include({ queued: left, queuedBytes: 100 * left, waiting: 80 - left });
    // What is left is for other types: the lane holds this one.
    expect(worker.credit.held.messages).to.be.within(1, 32);
    agreement(crew);

    await endAll(crew);
    await crew.clock.advance(5_000);
    expect(fates.map(({ ended }) => ended)).to.deep.equal(Array(80).fill('value'));
    expect(crew.stats().lane).to.deep.equal({ queued: 0, queuedBytes: 0, running: 0, handled: 80, ...lane });
    expect([crew.stats().outbox, mate.stats().outbox]).to.deep.equal([nothing, nothing]);
    agreement(crew);
    await crew.close();
  });

  it('show what a cut link left unacknowledged, on both sides, until it is', async () => {
    const crew = new Crew({ handlers: [handler('echo', () => new Uint8Array(50))] });
    const mate = await crew.join();
    // What the hub answers finds no way back.
    crew.network.latency('hub', 'w1', 60_000);
    for (let n = 0; n < 3; n += 1) ask(mate.session, 'echo', 10);
    mate.session.outbound.publish(publish('echo', 10), 'drop-newest');
    await crew.clock.advance(1);
    expect(mate.stats().outbox).to.deep.equal({ ...nothing, unacknowledged: 3, waiting: 3 });
    expect(crew.stats().outbox).to.deep.equal({ ...nothing, unacknowledged: 3, owed: 3, owedBytes: 150 });

    crew.network.cut('w1');
    await crew.clock.advance(1);
    expect(mate.stats().outbox).to.deep.equal({ ...nothing, unacknowledged: 3, waiting: 3 });
    expect(mate.stats().peers).to.include({ alive: 0, suspect: 1 });

    crew.network.latency('hub', 'w1', 0);
    await crew.clock.advance(65_000);
    expect([crew.stats().outbox, mate.stats().outbox]).to.deep.equal([nothing, nothing]);
    expect(mate.stats().peers).to.include({ alive: 1, suspect: 0 });
    agreement(crew);
    await crew.close();
  });

  it('show the items of streams that have not been taken by their bytes', async () => {
    const items = handler('items', async function* () {
      for (let n = 0; n < 60; n += 1) yield new Uint8Array(100);
    });
    const crew = new Crew({ handlers: [items] });
    const mate = await crew.join();
    crew.network.latency('hub', 'w1', 500);
    ask(mate.session, 'items', 1, 'stream');
    await crew.clock.advance(100);
    expect(crew.stats().outbox).to.include({ owed: 1, owedBytes: 6_000, unacknowledged: 61 });
    await crew.clock.advance(3_000);
    expect(crew.stats().outbox).to.deep.equal(nothing);
    await crew.close();
  });

  it('agree on the credit of a session whenever it is quiet, and are never below zero', async () => {
    const random = seededRandom(5);
    const lane = { concurrency: 4, capacity: 40, capacityBytes: 20_000 };
    const note = handler('note', () => {});
    const crew = new Crew({ lane, handlers: [note] });
    const mate = await crew.join('w1', { lane, handlers: [note] });
    for (let burst = 0; burst < 40; burst += 1) {
      for (let n = Math.floor(random() * 60); n > 0; n -= 1) {
        // Some are larger than all the credit in bytes: they are begun on its last byte.
        const bytes = random() < 0.1 ? 15_000 : Math.floor(random() * 300);
        const session = random() < 0.5 ? mate.session : crew.session();
        session.outbound.publish(publish('note', bytes), 'drop-oldest');
        if (random() < 0.3) await crew.clock.settle();
        for (const stats of [crew.stats(), mate.stats()]) expect(unsoundIn(stats)).to.deep.equal([]);
      }
      if (random() < 0.2) crew.network.cut('w1');
      await crew.clock.advance(random() < 0.5 ? 300 : 4_000);
      agreement(crew);
      expect([crew.stats().outbox, mate.stats().outbox]).to.deep.equal([nothing, nothing]);
    }
    expect(mate.stats().lane.handled).to.be.above(300);
    await crew.close();
  });

  it('show no credit where a message was larger than what was left of it', async () => {
    const lane = { concurrency: 4, capacity: 40, capacityBytes: 20_000 };
    const crew = new Crew({ lane, handlers: [handler('note', () => {})] });
    const mate = await crew.join();
    crew.network.latency(100);
    expect(mate.stats().credit.held.bytes).to.be.within(1, 14_999);
    mate.session.outbound.publish(publish('note', 15_000), 'drop-newest');
    await crew.clock.settle();
    expect(mate.stats().credit.held.bytes).to.equal(0);
    await crew.clock.advance(100);
    expect(crew.stats().credit.granted.bytes).to.be.at.least(0);
    await crew.clock.advance(5_000);
    agreement(crew);
    expect(mate.stats().credit.held.bytes).to.be.above(0);
    await crew.close();
  });

  it('count the workers by their grade', async () => {
    const crew = new Crew();
    for (const id of ['w1', 'w2', 'w3', 'w4', 'w5']) await crew.join(id);
    expect(crew.stats().peers).to.include({ alive: 5 });
    crew.mates[1]?.session.drain();
    crew.network.partition('hub', 'w3');
    await crew.clock.advance(8_000);
    crew.network.partition('hub', 'w4');
    crew.mates[4]?.close();
    await crew.clock.advance(5_000);
    expect(crew.stats().peers).to.deep.equal({ alive: 1, stalled: 0, suspect: 1, lost: 1, draining: 1 });
    crew.fleet.drain();
    await crew.clock.settle();
    expect(crew.mates[0]?.stats().peers).to.deep.equal({
      alive: 0,
      stalled: 0,
      suspect: 0,
      lost: 0,
      draining: 1,
    });
    await crew.close();
  });

  it('count beats and how late they were, of all peers together, also of those that are gone', async () => {
    const crew = new Crew();
    const mate = await crew.join('w1');
    await crew.join('w2');
    await crew.clock.advance(3_500);
    expect(crew.stats().beats).to.deep.equal({ ...noPulse, received: 6, lateMs: 0, worstMs: 0 });
    expect(mate.stats().beats).to.deep.equal({ ...noPulse, received: 3, lateMs: 0, worstMs: 0 });
    crew.network.latency('w1', 'hub', 400);
    await crew.clock.advance(1_000);
    crew.network.latency('w1', 'hub', 0);
    await crew.clock.advance(1_000);
    expect(crew.stats().beats).to.deep.equal({ ...noPulse, received: 10, lateMs: 400, worstMs: 400 });
    expect(crew.fleet.roster.get('w1').load.lateMs).to.equal(0);
    mate.close();
    await crew.clock.advance(1_000);
    expect(crew.stats().beats).to.deep.equal({ ...noPulse, received: 11, lateMs: 400, worstMs: 400 });
    await crew.clock.advance(60_000);
    expect(crew.stats().beats).to.include({ lateMs: 400, worstMs: 0 });
    await crew.close();
  });

  it('do not call it lateness when a worker was without a hub', async () => {
    const crew = new Crew();
    const mate = await crew.join('w1');
    await crew.clock.advance(1_500);
    crew.session().end('closed');
    crew.network.partition('hub', 'w1');
    await crew.clock.advance(60_000);
    crew.network.heal();
    await crew.clock.advance(3_500);
    const { received, lateMs } = mate.stats().beats;
    expect(received).to.be.above(3);
    expect(lateMs).to.equal(0);
    await crew.close();
  });

  it('are all zero when everybody has left, but for what was counted', async () => {
    const { registration } = held();
    const lane = { concurrency: 4, capacity: 8, capacityBytes: 100_000 };
    const crew = new Crew({ lane, handlers: [registration] });
    const mate = await crew.join('w1', { handlers: [registration] });
    for (let n = 0; n < 20; n += 1) {
      ask(mate.session, 'hang');
      ask(crew.session(), 'hang');
    }
    await crew.clock.advance(1_500);
    mate.session.end('closed');
    crew.session().end('closed');
    for (const { peers, lane: work, outbox, credit } of [crew.stats(), mate.stats()]) {
      expect(numbersIn([peers, outbox, credit]).filter((each) => each !== 0)).to.deep.equal([]);
      expect(work).to.include({ queued: 0, queuedBytes: 0 });
    }
    await crew.close();
  });
});
