import { expect } from 'chai';
import { type VirtualClock, virtualClock } from '../../../lib/testing/virtual-clock.js';
import type { Link } from '../../../lib/transport/link.js';
import { type MemoryNetwork, memoryNetwork } from '../../../lib/transport/memory/memory-network.js';
import { seededRandom } from '../../../lib/transport/memory/seeded-random.js';
import { numbered, type Received, receive } from '../exchange.js';

const maxBatchBytes = 4 * 1024 * 1024;
const nothing = () => {};

interface End {
  readonly link: Link;
  readonly received: Received;
}

describe('the memory network', () => {
  let clock: VirtualClock;
  let network: MemoryNetwork;
  let hubs: End[];

  const end = (link: Link): End => ({ link, received: receive(link) });
  const outcome = (received: Received) => {
    let code: string | undefined = 'open';
    void received.ended.then((error) => {
      code = error?.code;
    });
    return () => code;
  };
  const dial = (host = 'w1') =>
    end(network.transport(host).dial({ address: 'hub', maxBatchBytes }, 'attach'));
  const setUp = async (latencyMs: number) => {
    clock = virtualClock();
    network = memoryNetwork({ clock, latencyMs });
    hubs = [];
    await network.transport('hub').listen({ address: 'hub', maxBatchBytes }, (link) => hubs.push(end(link)));
  };
  const pair = async (host = 'w1') => {
    const worker = dial(host);
    await clock.advance(1000);
    return { worker, hub: hubs.at(-1) as End };
  };

  beforeEach(() => setUp(10));

  it('takes the latency for each way, and not a millisecond less', async () => {
    const { worker, hub } = await pair();
    worker.link.write(numbered(1, 8), nothing);
    await clock.advance(9);
    expect(hub.received.batches).to.have.length(0);
    await clock.advance(1);
    expect(hub.received.batches).to.have.length(1);
  });

  it('keeps the order when the latency falls', async () => {
    const { worker, hub } = await pair();
    worker.link.write(numbered(1, 8), nothing);
    network.latency('w1', 'hub', 0);
    worker.link.write(numbered(2, 8), nothing);
    await clock.advance(9);
    expect(hub.received.batches).to.have.length(0);
    await clock.advance(1);
    expect(hub.received.batches).to.deep.equal([numbered(1, 8), numbered(2, 8)]);
  });

  it('can be slow one way only', async () => {
    const { worker, hub } = await pair();
    network.latency('hub', 'w1', 500);
    worker.link.write(numbered(1, 8), nothing);
    hub.link.write(numbered(2, 8), nothing);
    await clock.advance(499);
    expect([hub.received.batches.length, worker.received.batches.length]).to.deep.equal([1, 0]);
    await clock.advance(1);
    expect(worker.received.batches).to.have.length(1);
  });

  it('shares no memory between the two sides', async () => {
    const { worker, hub } = await pair();
    const sent = numbered(1, 8);
    const kept = Buffer.from(sent);
    worker.link.write(sent, nothing);
    sent.fill(0xee);
    await clock.advance(10);
    expect(hub.received.batches).to.deep.equal([kept]);
  });

  it('withholds done while more than 1 MiB is under way', async () => {
    const { worker, hub } = await pair();
    let done = 0;
    const next = () => {
      done += 1;
      worker.link.write(numbered(done, 256 * 1024), next);
    };
    worker.link.write(numbered(0, 256 * 1024), next);
    await clock.advance(9);
    expect(done).to.equal(4);
    await clock.advance(1);
    expect(hub.received.batches).to.have.length(5);
    expect(done).to.equal(9);
  });

  it('holds what was sent during a partition, and delivers it in order once healed', async () => {
    const { worker, hub } = await pair();
    const state = outcome(worker.received);
    worker.link.write(numbered(1, 8), nothing);
    network.partition('w1', ['hub', 'other']);
    worker.link.write(numbered(2, 8), nothing);
    hub.link.write(numbered(3, 8), nothing);
    await clock.advance(60_000);
    expect([hub.received.batches, worker.received.batches]).to.deep.equal([[], []]);
    expect([state(), network.links]).to.deep.equal(['open', 1]);
    network.heal();
    await clock.settle();
    expect(hub.received.batches).to.deep.equal([numbered(1, 8), numbered(2, 8)]);
    expect(worker.received.batches).to.deep.equal([numbered(3, 8)]);
  });

  it('leaves other hosts alone in a partition', async () => {
    const { worker, hub } = await pair('w2');
    network.partition('w1', 'hub');
    worker.link.write(numbered(1, 8), nothing);
    await clock.advance(10);
    expect(hub.received.batches).to.have.length(1);
  });

  it('gives up a dial into a partition after five seconds', async () => {
    network.partition('w1', 'hub');
    const { received } = dial();
    const state = outcome(received);
    await clock.advance(4999);
    expect(state()).to.equal('open');
    await clock.advance(1);
    expect(state()).to.equal('unreachable');
  });

  it('aborts a close that a partition holds up for a second', async () => {
    const { worker, hub } = await pair();
    network.partition('w1', 'hub');
    const [near, far] = [outcome(worker.received), outcome(hub.received)];
    worker.link.close();
    await clock.advance(999);
    expect(near()).to.equal('open');
    await clock.advance(1);
    expect([near(), far()]).to.deep.equal([undefined, 'open']);
    network.heal();
    await clock.advance(20);
    expect(far()).to.equal('peer-lost');
  });

  it('breaks both ends of a cut link after the latency, and loses what was under way', async () => {
    const { worker, hub } = await pair();
    const [near, far] = [outcome(worker.received), outcome(hub.received)];
    worker.link.write(numbered(1, 8), nothing);
    network.cut({ from: 'w1', to: 'hub' });
    await clock.advance(9);
    expect([near(), far()]).to.deep.equal(['open', 'open']);
    await clock.advance(1);
    expect([near(), far()]).to.deep.equal(['peer-lost', 'peer-lost']);
    expect(hub.received.batches).to.deep.equal([]);
    expect(network.links).to.equal(0);
  });

  it('cuts every link of a host and no other', async () => {
    const links = [await pair('w1'), await pair('w1'), await pair('w2')];
    const states = links.map(({ worker }) => outcome(worker.received));
    network.cut('w1');
    await clock.advance(10);
    expect(states.map((state) => state())).to.deep.equal(['peer-lost', 'peer-lost', 'open']);
    expect(network.links).to.equal(1);
  });

  it('leaves nothing on the clock after its links have ended', async () => {
    const { worker } = await pair();
    worker.link.close();
    await clock.advance(20);
    expect([network.links, clock.pending]).to.deep.equal([0, 0]);
  });

  it("has no TLS, and says so with 'invalid-option'", async () => {
    const tls = { key: 'k', cert: 'c' };
    const error = await network
      .transport('x')
      .listen({ address: 'y', maxBatchBytes, tls }, nothing)
      .catch((e) => e);
    expect(error).to.have.property('code', 'invalid-option');
    const link = network.transport('x').dial({ address: 'hub', maxBatchBytes, tls }, 'attach');
    expect(await receive(link).ended).to.have.property('code', 'invalid-option');
  });

  it('runs the same way from the same seed, and another way from another', async () => {
    const run = async (seed: number) => {
      await setUp(0);
      network = memoryNetwork({ clock, seed, latencyMs: (random) => Math.floor(random() * 1000) });
      const story: string[] = [];
      await network.transport('hub').listen({ address: 'hub', maxBatchBytes }, (link) => {
        link.batches$.subscribe((batch) => story.push(`${clock.now()} ${link.peer.address} ${batch[0]}`));
      });
      for (let n = 0; n < 20; n++) {
        const link = network.transport(`w${n % 4}`).dial({ address: 'hub', maxBatchBytes }, 'attach');
        link.batches$.subscribe();
        link.write(Uint8Array.of(n), nothing);
      }
      await clock.advance(5000);
      return story;
    };
    const story = await run(42);
    expect(story).to.have.length(20);
    expect(await run(42)).to.deep.equal(story);
    expect(await run(43)).not.to.deep.equal(story);
  });
});

describe('seeded random numbers', () => {
  it('repeat for a seed, differ between seeds, and fill [0, 1) evenly', () => {
    const take = (seed: number) => Array.from({ length: 10_000 }, seededRandom(seed));
    expect(take(7)).to.deep.equal(take(7));
    expect(take(7)).not.to.deep.equal(take(8));
    const tenths = new Array(10).fill(0);
    for (const number of take(7)) tenths[Math.floor(number * 10)] += 1;
    for (const count of tenths) expect(count).to.be.within(900, 1100);
  });
});
