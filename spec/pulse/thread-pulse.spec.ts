import type { Worker as Thread } from 'node:worker_threads';
import { expect } from 'chai';
import type { Frame, Hello } from '../../lib/frame/frame.js';
import { createWorker, type Worker, type WorkerEvent, type WorkerOptions } from '../../lib/index.js';
import { ThreadPulse } from '../../lib/pulse/thread-pulse.js';
import { tsyringeInjection } from '../../lib/services/tsyringe-injection.js';
import { systemClock } from '../../lib/time/clock.js';
import { grpcTransport } from '../../lib/transport/grpc/grpc-transport.js';
import { memoryNetwork } from '../../lib/transport/memory/memory-network.js';
import { Worker as BareWorker } from '../../lib/worker/worker.js';
import { eventually, sleep } from '../bus/moment.js';
import { Bus, silent } from '../hub/bus.js';
import { authority } from '../transport/certificates.js';
import { Child } from './child.js';
import { FalseHub, type FalseHubOptions, timing } from './false-hub.js';
import { Relay } from './relay.js';

const refusal: Frame = {
  kind: 'refusal',
  code: 'unauthenticated',
  message: 'not this one',
  retryable: false,
  retryAfterMs: 0,
  details: {},
};

describe('a worker and the thread that beats for it', function () {
  this.timeout(15_000);
  const hubs: FalseHub[] = [];
  const workers: Worker[] = [];
  const threads: Thread[] = [];
  const events: WorkerEvent[] = [];
  const lines: string[] = [];
  const count = (thread: Thread) => threads.push(thread);
  const log = {
    ...silent,
    warn: (text: string) => lines.push(text),
    error: (text: string) => lines.push(text),
  };

  const listen = async (options: FalseHubOptions = {}) => {
    const hub = await FalseHub.listen(options);
    hubs.push(hub);
    return hub;
  };
  const join = async (options: WorkerOptions, make = createWorker) => {
    const worker = make({ id: 'w1', log, reconnect: { initialMs: 20, maxMs: 100 }, ...options });
    workers.push(worker);
    worker.events$.subscribe((event) => events.push(event));
    await worker.start({ timeoutMs: 5_000 });
    return worker;
  };
  const told = (kind: WorkerEvent['kind'], times = 1) =>
    eventually(`'${kind}' ${times} times in ${events.map(({ kind, cause }) => `${kind}: ${cause}`)}`, () => {
      const found = events.filter((event) => event.kind === kind);
      return found.length >= times ? found.at(-1) : undefined;
    });
  const kinds = () => events.map(({ kind }) => kind).filter((kind) => kind.startsWith('pulse'));
  const hello = (hub: FalseHub, which = 0) =>
    eventually(`greeting ${which}`, () => hub.frames.filter((f): f is Hello => f.kind === 'hello')[which]);

  before(() => process.on('worker', count));
  after(() => process.off('worker', count));
  afterEach(async () => {
    // Whatever happened: the secret stands in no line and no event.
    expect(JSON.stringify([lines, events])).not.to.include('secret');
    await Promise.all(workers.splice(0).map((worker) => worker.close()));
    await Promise.all(hubs.splice(0).map((hub) => hub.close()));
    for (const told of [threads, events, lines]) told.length = 0;
  });

  it('says so when beats come from there', async () => {
    const hub = await listen();
    await join({ hub: hub.address });
    expect((await told('pulse-began')).cause).to.equal('beats come from a thread of their own');
    expect((await hello(hub)).features).to.include('pulse');
  });

  it('is not asked for with pulse: false', async () => {
    const hub = await listen();
    await join({ hub: hub.address, pulse: false });
    expect((await hello(hub)).features)
      .to.include('chunks')
      .and.not.include('pulse');
    await sleep(3 * timing.intervalMs);
    expect([threads.length, hub.pulses.length, kinds()]).to.deep.equal([0, 0, []]);
  });

  it('is not there on another transport than gRPC', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    expect(bus.hub.workers.get('w1')?.agreement.features).not.to.include('pulse');
    expect(threads).to.have.lengthOf(0);
    await bus.close();
  });

  it('has what a platform gives, on its transport and no other', async () => {
    const orders: object[] = [];
    const marks = { add: () => 1, remove() {}, enter: () => 0, leave() {}, count() {} };
    const pulse = { join: () => ({ marks, beat: (o: object) => orders.push(o), rest() {}, leave() {} }) };
    const network = memoryNetwork();
    const hub = await listen();
    const platform = { transport: grpcTransport(), clock: systemClock, injection: tsyringeInjection, pulse };
    await join({ hub: hub.address }, (options) => new BareWorker(options, platform));
    expect(orders).to.deep.equal([
      {
        address: hub.address,
        worker: 'w1',
        epoch: '1.false',
        token: 'secret-of-w1',
        intervalMs: 100,
        lostAfterMs: 10_000,
        reconnect: { initialMs: 20, maxMs: 100 },
      },
    ]);
    const elsewhere = new BareWorker({ hub: { address: 'x', transport: network.transport('w') } }, platform);
    await elsewhere.close();
    expect(orders).to.have.lengthOf(1);
  });

  it('beats for nobody when the hub does not agree', async () => {
    const hub = await listen({ welcome: { features: ['credit', 'resume'] } });
    await join({ hub: hub.address });
    await sleep(3 * timing.intervalMs);
    expect([threads.length, hub.pulses.length]).to.deep.equal([0, 0]);
  });

  it('ends with the last of its workers, and begins with the next', async () => {
    const hub = await listen();
    const first = await join({ hub: hub.address });
    const second = await join({ hub: hub.address, id: 'w2' });
    const [one, two] = [await hub.pulse(0), await hub.pulse(1)];
    expect(threads).to.have.lengthOf(1);
    const gone = new Promise((resolve) => threads[0]?.on('exit', resolve));
    await first.close();
    await eventually('the end of a pulse', () => one.ended !== two.ended);
    await (one.ended ? two : one).more(3);
    await second.close();
    await gone;
    await join({ hub: hub.address, id: 'w3' });
    await hub.pulse(2);
    expect(threads).to.have.lengthOf(2);
  });

  it('is replaced when it dies, and both is told', async () => {
    const hub = await listen();
    await join({ hub: hub.address });
    await told('pulse-began');
    await threads[0]?.terminate();
    expect((await told('pulse-lost')).cause).to.equal(
      'beats travel on the main link alone: the thread died: it ended',
    );
    await told('pulse-began', 2);
    const again = await hub.pulse(1);
    expect(again.greeting.token).to.equal('secret-of-w1');
    await again.more(2);
    expect(again.beats.at(-1)?.progress.stillMs).to.be.lessThan(timing.intervalMs);
    expect(kinds()).to.deep.equal(['pulse-began', 'pulse-lost', 'pulse-began']);
    expect(threads).to.have.lengthOf(2);
  });

  for (const [what, file, cause] of [
    ['its file is missing', () => new URL('./no-such-thread.js', import.meta.url), /Cannot find module/],
    [
      'a bundle has no place to find it by',
      () => new URL('./thread.js', undefined),
      /there is no thread: Invalid URL/,
    ],
    ['it fails as it begins', () => new URL('data:text/javascript,null.x'), /there is no thread: .*null/],
  ] as const)
    it(`leaves beats to the main link when ${what}, and says why`, async () => {
      const hub = await listen();
      const pulse = new ThreadPulse(file);
      await join(
        { hub: hub.address },
        (options) =>
          new BareWorker(options, {
            transport: grpcTransport(),
            clock: systemClock,
            injection: tsyringeInjection,
            pulse,
          }),
      );
      expect((await told('pulse-lost')).cause).to.match(cause);
      const beats = hub.frames.filter(({ kind }) => kind === 'beat').length;
      await sleep(5 * timing.intervalMs);
      expect(hub.frames.filter(({ kind }) => kind === 'beat').length - beats).to.be.within(2, 8);
      expect(kinds()).to.deep.equal(['pulse-lost']);
    });

  it('outlives the hub, and beats for the next one', async () => {
    const hub = await listen();
    await join({ hub: hub.address });
    await told('pulse-began');
    await hub.close();
    await told('pulse-lost');
    await sleep(300);
    const next = await listen({ address: hub.address });
    const pulse = await next.pulse();
    await told('pulse-began', 2);
    expect(pulse.beats[0]?.n).to.equal(1);
    expect(threads).to.have.lengthOf(1);
    expect(kinds()).to.deep.equal(['pulse-began', 'pulse-lost', 'pulse-began']);
  });

  it('dials again when its call ends without a refusal, while the link stays', async () => {
    const hub = await listen();
    await join({ hub: hub.address });
    (await hub.pulse()).link.close();
    await (await hub.pulse(1)).more(2);
    expect(hub.links).to.have.lengthOf(1);
  });

  it('stays away when it was refused, until the next welcome', async () => {
    const hub = await listen();
    await join({ hub: hub.address });
    const pulse = await hub.pulse();
    pulse.send(refusal);
    expect((await told('pulse-lost')).cause).to.include('not this one');
    await eventually('the end of the refused call', () => pulse.ended);
    await sleep(500);
    expect(hub.pulses).to.have.lengthOf(1);
    hub.links[0]?.abort();
    await (await hub.pulse(1)).more(2);
    expect(threads).to.have.lengthOf(1);
  });

  it('has not begun for a hub that refuses it at once', async () => {
    const hub = await listen({ refusePulses: refusal });
    await join({ hub: hub.address });
    await told('pulse-lost');
    await sleep(3 * timing.intervalMs);
    expect(kinds()).to.deep.equal(['pulse-lost']);
  });

  it('comes back after a refusal that may be tried again', async () => {
    const hub = await listen();
    await join({ hub: hub.address });
    (await hub.pulse()).send({ ...refusal, retryable: true, retryAfterMs: 400 } as Frame);
    await told('pulse-lost');
    const refusedAt = performance.now();
    await hub.pulse(1);
    expect(performance.now() - refusedAt).to.be.greaterThan(350);
  });

  it('hears from the hub that the link is to be dialled again, and the session goes on', async () => {
    const hub = await listen();
    const worker = await join({ hub: hub.address, reconnect: { initialMs: 60_000, maxMs: 60_000 } });
    const pulse = await hub.pulse();
    pulse.send({ kind: 'redial', reason: 'silent for 3,000 ms' });
    const again = await hello(hub, 1);
    expect(again.resumeToken).to.equal('resume');
    const { cause } = await told('disconnected');
    expect(cause).to.equal('the hub asked for a new link: silent for 3,000 ms');
    worker.publish('after', 1);
    await eventually('what was sent', () =>
      hub.frames.some((f) => f.kind === 'message' && f.type === 'after'),
    );
    await pulse.more(3);
    expect(hub.pulses).to.have.lengthOf(1);
  });

  it('dials at once when it is told to, in the middle of a wait', async () => {
    const hub = await listen();
    await join({ hub: hub.address, reconnect: { initialMs: 60_000, maxMs: 60_000, random: () => 1 } });
    const pulse = await hub.pulse();
    hub.links[0]?.abort();
    await told('disconnected');
    pulse.send({ kind: 'redial', reason: 'closed' });
    expect((await hello(hub, 1)).resumeToken).to.equal('resume');
  });

  it('does not keep half a connection: pings that nobody answers end it', async () => {
    const fast = { intervalMs: 50, suspectAfterMs: 200, lostAfterMs: 400, stalledAfterMs: 100 };
    const hub = await listen({ timing: fast });
    const relay = await Relay.before(hub.address);
    const pulse = new ThreadPulse();
    const lost: string[] = [];
    const member = pulse.join({
      load: () => ({ inFlight: 0, queued: 0, handled: 0, oldestMs: 0 }),
      oldest: () => [],
      began() {},
      lost: (cause) => lost.push(cause),
      redial() {},
    });
    try {
      const waits = { initialMs: 20, maxMs: 20 };
      member.beat({ address: relay.address, worker: 'w', epoch: '1', token: 't', ...fast, reconnect: waits });
      await (await hub.pulse()).more(12);
      expect(relay.accepted).to.equal(1);
      relay.swallow();
      await eventually('another connection', () => relay.accepted > 1);
      expect(lost).to.deep.equal(['the hub did not answer for 400 ms']);
    } finally {
      member.leave();
      relay.close();
    }
  });

  it('keeps no process alive', async () => {
    const child = new Child('alone', ['127.0.0.1:1']);
    try {
      await child.tells('done');
      expect(await child.exited(1_000)).to.deep.equal({ code: 0, signal: null });
      const [lost, ...more] = child.told.filter((told) => 'lost' in told);
      expect(lost).to.deep.equal({ lost: 'connect ECONNREFUSED 127.0.0.1:1' });
      expect(more).to.deep.equal([]);
    } finally {
      await child.end();
    }
  });

  describe('over TLS', () => {
    it('trusts whom the link trusts, by address and by name', async () => {
      const { ca, issue } = await authority('drumline');
      const hub = await listen({ tls: await issue('hub.example') });
      for (const [index, serverName] of [undefined, 'hub.example'].entries()) {
        await join({
          hub: { address: hub.address, tls: { ca, ...(serverName ? { serverName } : {}) } },
          id: `w${index}`,
        });
        await (await hub.pulse(index)).more(2);
      }
    });

    it('shows its own certificate where both sides must', async () => {
      const { ca, issue } = await authority('drumline');
      const hub = await listen({ tls: { ...(await issue('localhost')), ca } });
      await join({ hub: { address: hub.address, tls: { ca, ...(await issue('worker.example')) } } });
      const pulse = await hub.pulse();
      await pulse.more(2);
      expect(pulse.link.peer.certificate?.commonName).to.equal('worker.example');
    });

    for (const [what, stranger, serverName, reason] of [
      ['an authority that it does not know', true, undefined, /certificate|signature/],
      ['a certificate for another name', false, 'other.example', /altnames/],
    ] as const)
      it(`trusts nobody with ${what}`, async () => {
        const known = await authority('drumline');
        const { ca } = stranger ? await authority('another') : known;
        const hub = await listen({ tls: await known.issue('localhost') });
        const lost: string[] = [];
        const member = new ThreadPulse().join({
          load: () => ({ inFlight: 0, queued: 0, handled: 0, oldestMs: 0 }),
          oldest: () => [],
          began() {},
          lost: (cause) => lost.push(cause),
          redial() {},
        });
        const order = {
          worker: 'w',
          epoch: '1',
          token: 't',
          ...timing,
          reconnect: { initialMs: 9, maxMs: 9 },
        };
        try {
          member.beat({ address: hub.address, tls: { ca, ...(serverName ? { serverName } : {}) }, ...order });
          await eventually('a reason', () => lost[0]);
          await sleep(200);
          expect(hub.pulses).to.have.lengthOf(0);
          expect(lost).to.have.lengthOf(1);
          expect(lost[0]).to.match(reason);
        } finally {
          member.leave();
        }
      });
  });
});
