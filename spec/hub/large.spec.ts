import { expect } from 'chai';
import { lastValueFrom, toArray } from 'rxjs';
import type { BusError } from '../../lib/errors/bus-error.js';
import type { Frame } from '../../lib/frame/frame.js';
import type { Registration } from '../../lib/handler/registration.js';
import { handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { KiB, payload } from '../lane/dock.js';
import { Bus, watched } from './bus.js';
import { isPart, Tap } from './tap.js';

const MiB = KiB * KiB;
const beat = { intervalMs: 50, suspectAfterMs: 300, lostAfterMs: 2_000, stalledAfterMs: 200 };
const sides = ['hub', 'worker'] as const;
type Side = (typeof sides)[number];

const same = (a: unknown, b: Uint8Array): boolean =>
  a instanceof Uint8Array && a.length === b.length && Buffer.compare(a, b) === 0;

/** What the two take; by default there is room for two of the largest. */
interface Bounds {
  readonly maxPayloadBytes?: number;
  readonly here?: number;
  readonly there?: number;
}

/** A bus of two, told from the side that asks. */
class Two extends Bus {
  readonly tap = new Tap();

  static async where(
    side: Side,
    handlers: readonly Registration[],
    { maxPayloadBytes = 64 * MiB, here = 2 * maxPayloadBytes, there = 2 * maxPayloadBytes }: Bounds = {},
  ): Promise<Two> {
    const two = new Two(side);
    const machine = two.machine('hub');
    const asks = { lane: { reassemblyBytes: here } };
    const answers = { handlers, lane: { reassemblyBytes: there } };
    const [hub, worker] = side === 'hub' ? [asks, answers] : [answers, asks];
    await two.startHub({
      listen: { address: 'hub', transport: two.tap.transport(machine.transport) },
      beat,
      limits: { maxPayloadBytes },
      ...hub,
    });
    two.network.latency(1);
    const joining = two.worker({ id: 'w1', maxPayloadBytes, ...worker }).start();
    await two.clock.advance(20);
    await joining;
    return two;
  }

  constructor(readonly side: Side) {
    super();
  }

  /** The way of what is asked, and of what is answered, at the hub. */
  get asking(): 'in' | 'out' {
    return this.side === 'hub' ? 'out' : 'in';
  }

  get answering(): 'in' | 'out' {
    return this.side === 'hub' ? 'in' : 'out';
  }

  request(type: string, body: unknown, options = {}): Promise<unknown> {
    return this.side === 'hub'
      ? this.hub.request('w1', type, body, options)
      : (this.workers[0]?.request(type, body, options) ?? expect.fail());
  }

  publish(type: string, body: unknown): void {
    if (this.side === 'hub') this.hub.publish('w1', type, body);
    else this.workers[0]?.publish(type, body);
  }

  stream(type: string, body: unknown): Promise<unknown[]> {
    const items$ =
      this.side === 'hub' ? this.hub.stream('w1', type, body) : this.workers[0]?.stream(type, body);
    return lastValueFrom((items$ ?? expect.fail()).pipe(toArray()));
  }

  async over<T>(watch: { done: boolean; value?: T; error?: BusError }, withinMs = 60_000): Promise<void> {
    for (let ms = 0; !watch.done && ms < withinMs; ms += 10) await this.clock.advance(10);
    expect(watch.done, `it is over within ${withinMs} ms`).to.equal(true);
  }
}

const frames = <K extends Frame['kind']>(two: Two, way: 'in' | 'out', kind: K) =>
  two.tap.frames.flatMap(({ way: its, frame }) =>
    its === way && frame.kind === kind ? [frame as Extract<Frame, { kind: K }>] : [],
  );

for (const side of sides)
  describe(`a large payload, asked by the ${side}`, function () {
    this.timeout(60_000);
    noUnhandledRejections();
    let two: Two;
    afterEach(() => two.close());

    it('of 64 MiB goes both ways as message, reply and item, and beats pass it part by part', async () => {
      const large = payload(64 * MiB);
      two = await Two.where(side, [
        handler('echo', ({ payload }) => payload),
        handler('items', function* () {
          yield new Uint8Array(3);
          yield large;
          yield new Uint8Array(5);
        }),
      ]);
      two.network.latency(5);
      const echo = watched(two.request('echo', large));
      await two.over(echo);
      expect(same(echo.value, large)).to.equal(true);
      expect([two.tap.parts('in'), two.tap.parts('out')]).to.deep.equal([1_024, 1_024]);
      const items = watched(two.stream('items', 0));
      await two.over(items);
      const [first, middle, last] = items.value as Uint8Array[];
      expect([first?.length, same(middle, large), last?.length]).to.deep.equal([3, true, 5]);
      expect(two.tap.mostParts, 'parts in a batch').to.equal(1);
      for (const way of ['in', 'out'] as const) {
        const between = two.tap.frames.filter((each) => each.way === way).map(({ frame }) => frame);
        const [from, to] = [between.findIndex(isPart), between.findLastIndex(isPart)];
        const beats = between.slice(from, to).filter(({ kind }) => kind === 'beat');
        expect(beats.length, `beats ${way} in between`).to.be.above(3);
      }
      expect(two.hub.stats().beats.worstMs, 'ms by which a beat came late').to.be.below(5);
      expect(two.happened()).to.deep.equal(['joined w1']);
    });

    it('lets small requests of other types pass, those of its own type wait, and all are answered', async () => {
      const order: string[] = [];
      const noting = (type: string) =>
        handler(type, ({ payload }: { payload: unknown }) => {
          order.push(payload instanceof Uint8Array ? `${type} large` : `${type} ${payload}`);
        });
      two = await Two.where(side, [noting('a'), noting('b')]);
      const calls = [two.request('a', payload(4 * MiB)), two.request('a', 1), two.request('b', 1)].map(
        watched,
      );
      await two.clock.advance(10);
      calls.push(watched(two.request('b', 2)));
      for (const call of calls) await two.over(call);
      expect(order).to.deep.equal(['b 1', 'b 2', 'a large', 'a 1']);
    });

    it('goes on wherever its link is cut, as message, reply and item, once', async () => {
      const large = payload(5 * 64 * KiB - 7);
      for (const what of ['message', 'reply', 'item'] as const)
        for (let part = 1; part <= 5; part += 1) {
          let handled = 0;
          two = await Two.where(side, [
            handler('message', ({ payload }) => {
              handled += 1;
              return same(payload, large);
            }),
            handler('reply', () => {
              handled += 1;
              return large;
            }),
            handler('item', function* () {
              handled += 1;
              yield large;
              yield large;
            }),
          ]);
          let parts = 0;
          two.tap.each = (_, batch) => {
            parts += batch.filter(isPart).length;
            if (parts < part) return;
            two.tap.each = () => {};
            two.cut('w1');
          };
          const call = watched<unknown>(
            what === 'item' ? two.stream('item', 0) : two.request(what, what === 'message' ? large : 0),
          );
          await two.over(call, 20_000);
          const value =
            what === 'item' ? (call.value as unknown[]).every((item) => same(item, large)) : call.value;
          expect(call.error, `${what} cut at part ${part}`).to.equal(undefined);
          expect(what === 'reply' ? same(value, large) : value, `${what} cut at part ${part}`).to.equal(true);
          expect(handled, `${what} cut at part ${part}`).to.equal(1);
          if (part < 5) await two.close();
          else if (what !== 'item') await two.close();
        }
    });

    it('that is published and loses its link on the way is dropped whole, and the next ones arrive', async () => {
      for (let part = 1; part <= 5; part += 1) {
        const seen: number[] = [];
        two = await Two.where(side, [
          handler('note', ({ payload }) => void seen.push((payload as Uint8Array).length)),
        ]);
        const large = payload(5 * 64 * KiB);
        let parts = 0;
        two.tap.each = (_, batch) => {
          parts += batch.filter(isPart).length;
          if (parts < part) return;
          two.tap.each = () => {};
          two.cut('w1');
        };
        two.publish('note', large);
        await two.clock.advance(3_000);
        two.publish('note', payload(9));
        two.publish('note', large.subarray(1));
        await two.clock.advance(3_000);
        const after = seen.filter((length) => length !== large.length);
        expect(after, `cut at part ${part}`).to.deep.equal([9, large.length - 1]);
        expect(seen.length, `cut at part ${part}`).to.be.at.most(3);
        if (part < 5) await two.close();
      }
    });

    it('that its sender gives up in the middle is dropped whole: no part follows, and its room is free', async () => {
      let handled = 0;
      two = await Two.where(side, [handler('take', () => ++handled)], {
        maxPayloadBytes: 8 * MiB,
        there: 8 * MiB,
      });
      const large = payload(8 * MiB);
      const controller = new AbortController();
      const aborted = watched(two.request('take', large, { signal: controller.signal }));
      const late = watched(two.request('other', 1));
      await two.clock.advance(20);
      controller.abort();
      const before = two.tap.parts(two.asking);
      expect(before).to.be.within(2, 100);
      await two.clock.advance(200);
      expect(aborted.error?.code).to.equal('cancelled');
      // From a worker, what its credit allowed was on its way.
      expect(two.tap.parts(two.asking) - before).to.be.at.most(side === 'hub' ? 1 : 5);
      expect(frames(two, two.asking, 'cancel')).to.have.lengthOf(1);
      const timed = watched(two.request('take', large, { timeoutMs: 30 }));
      await two.over(timed);
      expect(timed.error?.code).to.equal('timeout');
      const again = watched(two.request('take', large));
      await two.over(again);
      expect([again.value, handled, late.error?.code]).to.deep.equal([1, 1, 'unhandled']);
    });

    it('whose answer nobody waits for any more is sent no further, and takes no room', async () => {
      two = await Two.where(side, [handler('give', () => payload(8 * MiB))], {
        maxPayloadBytes: 8 * MiB,
        here: 8 * MiB,
      });
      const controller = new AbortController();
      const aborted = watched(two.request('give', 0, { signal: controller.signal }));
      for (let ms = 0; two.tap.parts(two.answering) < 3 && ms < 1_000; ms += 1) await two.clock.advance(1);
      controller.abort();
      const before = two.tap.parts(two.answering);
      await two.clock.advance(500);
      expect(aborted.error?.code).to.equal('cancelled');
      // What fits into the link's window had been written when the cancel came.
      expect(two.tap.parts(two.answering) - before).to.be.below(40);
      const again = watched(two.request('give', 0));
      await two.over(again);
      expect(same(again.value, payload(8 * MiB))).to.equal(true);
    });

    it('has the time that its sender gave it, from its first part on', async () => {
      let beganAt = 0;
      two = await Two.where(side, [
        handler('take', (_, { deadline }) => {
          beganAt = two.clock.date();
          return deadline;
        }),
      ]);
      two.network.latency(20);
      const since = two.clock.date();
      const call = watched(two.request('take', payload(2 * MiB), { timeoutMs: 2_000 }));
      await two.over(call);
      expect(beganAt - since, 'what the parts took').to.be.above(200);
      expect((call.value as number) - since).to.be.within(2_000, 2_100);
    });

    it('over the ceiling is refused before anything is sent', async () => {
      two = await Two.where(side, []);
      const sent = two.tap.frames.length;
      const call = watched(two.request('x', new Uint8Array(64 * MiB + 1)));
      await two.clock.settle();
      expect(call.error).to.include({ code: 'too-large', retryable: false });
      expect(call.error?.details).to.include({ bytes: 64 * MiB + 1, maxPayloadBytes: 64 * MiB });
      expect(two.tap.frames.slice(sent).filter(({ frame }) => frame.kind !== 'beat')).to.deep.equal([]);
    });

    it('in a reply over the ceiling is a fault for the one who asked', async () => {
      two = await Two.where(side, [handler('x', () => new Uint8Array(64 * MiB + 1))]);
      const call = watched(two.request('x', 0));
      await two.over(call);
      expect(call.error).to.include({ code: 'too-large' });
      expect(two.tap.parts('in') + two.tap.parts('out')).to.equal(0);
    });

    it('for which there is no room is refused at once, retryable, and its sender stops', async () => {
      const open: (() => void)[] = [];
      const hold = () => new Promise<void>((resolve) => void open.push(resolve));
      two = await Two.where(side, [handler('hold', hold)], { maxPayloadBytes: 8 * MiB, there: 12 * MiB });
      const held = watched(two.request('hold', payload(8 * MiB)));
      for (let ms = 0; open.length === 0 && ms < 5_000; ms += 5) await two.clock.advance(5);
      const before = two.tap.parts(two.asking);
      const refused = watched(two.request('hold', payload(8 * MiB)));
      await two.over(refused);
      expect(refused.error).to.include({ code: 'overflow', retryable: true });
      expect(refused.error?.details).to.include({ type: 'hold', bytes: 8 * MiB });
      await two.clock.advance(500);
      expect(two.tap.parts(two.asking) - before, 'parts of 128').to.be.below(10);
      open.pop()?.();
      await two.over(held);
      const again = watched(two.request('hold', payload(8 * MiB)));
      for (let ms = 0; open.length === 0 && ms < 5_000; ms += 5) await two.clock.advance(5);
      open.pop()?.();
      await two.over(again);
      expect(again.error).to.equal(undefined);
    });

    it('of which the answer finds no room where it was asked for is a local overflow, and is stopped', async () => {
      const give = () => payload(8 * MiB);
      two = await Two.where(side, [handler('give', give), handler('also', give)], {
        maxPayloadBytes: 8 * MiB,
        here: 12 * MiB,
      });
      const calls = [two.request('give', 0), two.request('also', 0)].map(watched);
      for (const call of calls) await two.over(call);
      const codes = calls.map(({ error }) => error?.code);
      expect(codes).to.have.members([undefined, 'overflow']);
      expect(calls.find(({ error }) => error)?.error?.retryable).to.equal(true);
      expect(two.tap.parts(two.answering), 'parts of 256').to.be.within(128, 180);
      const again = watched(two.request('give', 0));
      await two.over(again);
      expect(again.error).to.equal(undefined);
    });
  });
