import { expect } from 'chai';
import { all, any, type HandshakeMiddleware, handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection, watched } from './bus.js';

const echo = handler('echo', ({ payload }) => payload);
/** Answers with its own name. */
const named = (name: string) => handler('who', () => name);

describe('a fleet', () => {
  noUnhandledRejections();

  it('joins: both sides know each other, and handlers are ready before anybody hears of the worker', async () => {
    const bus = await Bus.of({ version: '2.0.0', handlers: [echo] });
    const answers: unknown[] = [];
    bus.hub.events$.subscribe(({ kind }) => {
      if (kind === 'joined')
        void bus.hub.request('w1', 'echo', 'at once').then((answer) => answers.push(answer));
    });
    const worker = await bus.join({ id: 'w1', version: '1.5.0', labels: { gpu: 'yes' }, handlers: [echo] });
    const info = bus.hub.workers.get('w1');
    expect(info).to.include({
      id: 'w1',
      version: '1.5.0',
      liveness: 'alive',
      identity: undefined,
      stalledBy: undefined,
    });
    expect(info?.labels).to.deep.equal({ gpu: 'yes' });
    expect(info?.handles).to.deep.equal(['echo']);
    expect(info?.agreement).to.deep.equal(worker.agreement);
    expect(worker.agreement).to.deep.include({ protocol: 1, degraded: false, reasons: [] });
    expect(await bus.settled(worker.request('echo', { n: 1 }))).to.deep.equal({ n: 1 });
    expect(answers).to.deep.equal(['at once']);
    expect(bus.happened()).to.deep.equal(['joined w1']);
    await bus.close();
  });

  it('refuses for good, and the worker is told why and dials no more', async () => {
    const bus = await Bus.of({ requires: ['teleport'] });
    const worker = bus.worker();
    const error = await rejection(bus.settled(worker.start()), 'handshake-refused');
    expect(error).to.include({ retryable: false });
    expect(error.details).to.include({ code: 'incompatible' });
    expect(error.message).to.match(/the hub requires teleport/);
    expect(bus.happened()).to.deep.equal(['refused w1']);
    await bus.clock.advance(20_000);
    expect(bus.happened()).to.deep.equal([]);
    await bus.close();
  });

  it('lets a worker retry a refusal that may pass, no sooner than the hub said', async () => {
    let closed = true;
    const door: HandshakeMiddleware =
      (next) =>
      async (...input) => {
        if (closed) throw new Error('not now');
        return next(...input);
      };
    const bus = await Bus.of({ handshake: [door] });
    const started = watched(bus.worker().start());
    await bus.clock.advance(2_500);
    expect(bus.happened()).to.deep.equal(['refused w1', 'refused w1', 'refused w1']);
    closed = false;
    await bus.clock.advance(2_000);
    expect(started.value).to.include({ protocol: 1 });
    await bus.close();
  });

  it('gives a start that never succeeds the last reason when its time is over', async () => {
    const bus = new Bus();
    const worker = bus.worker();
    const started = watched(worker.start({ timeoutMs: 3_000 }));
    await bus.clock.advance(2_999);
    expect(started.done).to.equal(false);
    await bus.clock.advance(1);
    expect(started.error).to.include({ code: 'unreachable', retryable: true });
    await bus.startHub();
    expect(await bus.settled(worker.start())).to.include({ protocol: 1 });
    await bus.close();
  });

  it('says of a degraded worker what was overlooked', async () => {
    const bus = await Bus.of({}, { id: 'old', version: '-1' });
    expect(bus.events.map(({ kind, cause }) => [kind, cause])).to.deep.equal([
      ['joined', 'new'],
      ['degraded', 'its application version "-1" is not a semantic version'],
    ]);
    expect(bus.workerEvents.map(({ kind }) => kind)).to.deep.equal(['connected', 'degraded']);
    await bus.close();
  });

  it('counts its versions, most workers first, and names the degraded', async () => {
    const bus = await Bus.of(
      { version: '3.0.0' },
      { id: 'a', version: '1.0.0' },
      { id: 'b', version: '2.0.0' },
      { id: 'c', version: '2.0.0' },
      { id: 'd', version: '' },
    );
    const { degraded, ...census } = bus.hub.census();
    expect(census).to.deep.equal({
      total: 4,
      hub: '3.0.0',
      versions: [
        { version: '2.0.0', workers: ['b', 'c'] },
        { version: '1.0.0', workers: ['a'] },
        { version: '', workers: ['d'] },
      ],
    });
    expect(degraded).to.deep.equal([{ worker: 'd', reasons: ['names no application version'] }]);
    await bus.close();
  });

  it('waits for so many workers, and says how many there were when the time is over', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    await bus.settled(bus.hub.waitFor(1));
    const two = watched(bus.hub.waitFor(2));
    const three = watched(bus.hub.waitFor(3, { timeoutMs: 500 }));
    await bus.join({ id: 'w2' });
    expect(two.done).to.equal(true);
    await bus.clock.advance(500);
    expect(three.error).to.include({ code: 'timeout', message: '2 of 3 workers were ready within 500 ms' });
    await bus.close();
  });

  it('knows no stranger: every verb names the id that it was given', async () => {
    const bus = await Bus.of();
    const calls = [bus.hub.send('x', 'echo', 1), bus.hub.request('x', 'echo', 1), bus.hub.writable('x')];
    for (const call of calls)
      expect((await rejection(call, 'unknown-worker')).message).to.include("the id 'x'");
    expect(() => bus.hub.publish('x', 'echo', 1)).to.throw(/the id 'x'/);
    expect(() => bus.hub.explain('x')).to.throw(/the id 'x'/);
    const streamed = watched(bus.hub.stream('x', 'echo', 1).forEach(() => {}));
    await bus.clock.settle();
    expect(streamed.error).to.include({ code: 'unknown-worker' });
    await bus.close();
  });

  it('knows when a link last brought something, also between two beats', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    await bus.clock.advance(5000);
    await bus.clock.advance(300);
    bus.workers[0]?.publish('nobody handles this', 1);
    await bus.clock.advance(100);
    const silentMs = bus.hub.explain('w1').link?.silentMs;
    expect(silentMs).to.be.within(90, 100);
    await bus.close();
  });

  it('forgets a worker that left, and tells why', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    bus.happened();
    await bus.workers[0]?.close();
    await bus.clock.settle();
    expect(bus.happened()).to.deep.equal(['left w1']);
    expect(bus.hub.workers.has('w1')).to.equal(false);
    await bus.close();
  });

  describe('any()', () => {
    it('takes turns among the workers that have the labels and handle the type', async () => {
      const bus = await Bus.of(
        {},
        { id: 'a', labels: { gpu: 'yes' }, handlers: [named('a')] },
        { id: 'b', labels: { gpu: 'yes', big: 'no' }, handlers: [named('b')] },
        { id: 'c', labels: { gpu: 'no' }, handlers: [named('c')] },
        { id: 'd', labels: { gpu: 'yes' }, handlers: [echo] },
      );
      const answers: unknown[] = [];
      for (let i = 0; i < 6; i++)
        answers.push(await bus.settled(bus.hub.request(any({ gpu: 'yes' }), 'who', {})));
      expect(answers.filter((answer) => answer === 'a')).to.have.length(3);
      expect(answers.filter((answer) => answer === 'b')).to.have.length(3);
      await bus.close();
    });

    it('prefers the one with the least waiting', async () => {
      const slow = handler('who', () => new Promise(() => {}));
      const bus = await Bus.of({}, { id: 'a', handlers: [slow] }, { id: 'b', handlers: [slow] });
      for (let i = 0; i < 3; i++) bus.hub.request('a', 'who', {}).catch(() => {});
      await bus.clock.settle();
      for (let i = 0; i < 3; i++) bus.hub.request(any(), 'who', {}).catch(() => {});
      await bus.clock.advance(1_500);
      expect([...bus.hub.workers.values()].map(({ load }) => load.inFlight)).to.deep.equal([3, 3]);
      await bus.close();
    });

    it('waits for one that fits until the time is over', async () => {
      const bus = await Bus.of({}, { id: 'a', handlers: [echo] });
      const call = watched(bus.hub.request(any({ gpu: 'yes' }), 'echo', 1, { timeoutMs: 800 }));
      await bus.clock.advance(800);
      expect(call.error).to.include({ code: 'no-worker', retryable: true });
      expect(call.error?.message).to.include('with gpu=yes');
      await bus.close();
    });

    it('finds one that joins meanwhile, and one that begins to handle the type', async () => {
      const bus = await Bus.of({}, { id: 'a' });
      const [first, second] = [
        watched(bus.hub.request(any(), 'echo', 1)),
        watched(bus.hub.request(any(), 'late', 2)),
      ];
      await bus.join({ id: 'b', handlers: [echo] });
      expect(first.value).to.equal(1);
      bus.workers[0]?.handle('late', ({ payload }) => payload);
      await bus.clock.advance(100);
      expect(second.value).to.equal(2);
      await bus.close();
    });

    it('finds one that has room again', async () => {
      const open: (() => void)[] = [];
      const slow = handler('slow', () => new Promise<void>((resolve) => void open.push(resolve)), {
        concurrency: 1,
      });
      const bus = await Bus.of(
        { outbox: { capacity: 2 } },
        { id: 'a', handlers: [slow], lane: { capacity: 2 } },
      );
      const calls = [];
      for (let i = 0; i < 12; i++) {
        calls.push(watched(bus.hub.request(any(), 'slow', 1)));
        await bus.clock.settle();
      }
      for (let i = 0; i < 12; i++) {
        open.splice(0).map((resolve) => resolve());
        await bus.clock.settle();
      }
      expect(calls.map(({ done }) => done)).to.deep.equal(Array(12).fill(true));
      await bus.close();
    });

    it('tries another worker when the first is lost, with the same id and another attempt', async () => {
      const seen: string[] = [];
      const hang = (name: string, answer: unknown) =>
        handler('who', ({ id }, { attempt }) => {
          seen.push(`${name} ${attempt} ${id}`);
          return answer;
        });
      const bus = await Bus.of({}, { id: 'a', handlers: [hang('a', new Promise(() => {}))] });
      const call = watched(bus.hub.request(any(), 'who', {}));
      await bus.clock.settle();
      await bus.join({ id: 'b', handlers: [hang('b', 'b')] });
      bus.machine('a').kill();
      bus.cut('a');
      await bus.clock.advance(12_000);
      expect(call.value).to.equal('b');
      const [first, second] = seen.map((line) => line.split(' '));
      expect([first?.slice(0, 2), second?.slice(0, 2)]).to.deep.equal([
        ['a', '1'],
        ['b', '2'],
      ]);
      expect(second?.[2]).to.equal(first?.[2]);
      await bus.close();
    });

    it('does not try again what a handler itself failed with', async () => {
      let handled = 0;
      const fails = handler('who', () => {
        handled += 1;
        throw new Error('no');
      });
      const bus = await Bus.of({}, { id: 'a', handlers: [fails] }, { id: 'b', handlers: [fails] });
      await rejection(bus.settled(bus.hub.request(any(), 'who', {})), 'handler-failed');
      expect(handled).to.equal(1);
      await bus.close();
    });

    it('is told at once when the hub closes', async () => {
      const bus = await Bus.of();
      const waiting = [
        bus.hub.request(any(), 'echo', 1, { timeoutMs: Number.POSITIVE_INFINITY }),
        bus.hub.waitFor(3),
      ].map(watched);
      await bus.hub.close();
      await bus.clock.settle();
      expect(waiting.map(({ error }) => error?.code)).to.deep.equal(['closed', 'closed']);
      expect(bus.clock.pending).to.equal(0);
    });
  });

  it('counts what it publishes to any() and nobody takes', async () => {
    const got: unknown[] = [];
    const bus = await Bus.of(
      {},
      { id: 'a', handlers: [handler('note', ({ payload }) => void got.push(payload))] },
    );
    expect(bus.hub.publish(any(), 'note', 1)).to.deep.equal({ queued: 1, dropped: 0 });
    expect(bus.hub.publish(any({ gpu: 'yes' }), 'note', 2)).to.deep.equal({ queued: 0, dropped: 1 });
    await bus.clock.settle();
    expect(got).to.deep.equal([1]);
    await bus.close();
  });

  it('publishes to all that handle the type and have the labels, and counts them', async () => {
    const got: string[] = [];
    const note = (name: string) => handler('note', () => void got.push(name));
    const bus = await Bus.of(
      {},
      { id: 'a', labels: { gpu: 'yes' }, handlers: [note('a')] },
      { id: 'b', labels: { gpu: 'no' }, handlers: [note('b')] },
      { id: 'c', labels: { gpu: 'yes' } },
    );
    expect(bus.hub.publish(all({ gpu: 'yes' }), 'note', {})).to.deep.equal({ queued: 1, dropped: 0 });
    expect(bus.hub.publish(all(), 'note', {})).to.deep.equal({ queued: 2, dropped: 0 });
    expect(bus.hub.publish(all({ gpu: 'none' }), 'note', {})).to.deep.equal({ queued: 0, dropped: 0 });
    await bus.clock.settle();
    expect(got.sort()).to.deep.equal(['a', 'a', 'b']);
    await bus.close();
  });

  it('hears of handlers that come and go after the start, on either side', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    const [worker] = bus.workers;
    const handle = worker?.handle('late', () => 'here');
    await bus.clock.settle();
    expect(bus.hub.workers.get('w1')?.handles).to.deep.equal(['late']);
    expect(await bus.settled(bus.hub.request('w1', 'late', {}))).to.equal('here');
    handle?.[Symbol.dispose]();
    await bus.clock.settle();
    expect(bus.hub.workers.get('w1')?.handles).to.deep.equal([]);
    await rejection(bus.settled(bus.hub.request('w1', 'late', {})), 'unhandled');
    bus.hub.handle('hub.late', () => 'hub');
    expect(await bus.settled(worker?.request('hub.late', {}) ?? Promise.reject())).to.equal('hub');
    expect(() => bus.hub.handle('hub.late', () => 'two')).to.throw(/handled by/);
    await bus.close();
  });

  it('learns at the next link of a handler that was registered without one', async () => {
    const bus = await Bus.of({}, { id: 'w1' });
    bus.cut('w1');
    await bus.clock.advance(0);
    bus.workers[0]?.handle('late', () => 'here');
    await bus.clock.advance(200);
    expect(bus.hub.workers.get('w1')?.handles).to.deep.equal(['late']);
    await bus.close();
  });
});
