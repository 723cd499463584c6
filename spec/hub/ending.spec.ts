import { expect } from 'chai';
import {
  BusError,
  type Context,
  createHub,
  definePlugin,
  type HandshakeMiddleware,
  handler,
  type Plugin,
  provider,
  token,
  type WorkerEvent,
} from '../../lib/index.js';
import { Bus, rejection, silent, watched } from './bus.js';

interface Transaction {
  open: boolean;
}
const TRANSACTION = token<Transaction>('transaction');
const DATABASE = token<object>('database');

/** Notes its end, that of its services, and when its handlers settle: `slow` as long as it is told, `deaf` never. */
class Book {
  readonly notes: string[] = [];
  readonly contexts: Context[] = [];
  finish = (): void => {};

  readonly plugin: Plugin = definePlugin({
    manifest: { name: 'book', version: '1.0.0', engines: { drumline: '>=0.1.0' } },
    contributes: {
      providers: [
        provider(TRANSACTION, {
          scope: 'session',
          factory: () => {
            this.notes.push('transaction');
            const transaction = {
              open: true,
              [Symbol.dispose]: () => {
                transaction.open = false;
                this.notes.push('transaction ends');
              },
            };
            return transaction;
          },
        }),
        provider(DATABASE, { factory: () => ({ [Symbol.dispose]: () => this.notes.push('database ends') }) }),
      ],
      handlers: [
        handler('slow', async (_, context) => {
          const { services, signal } = context;
          this.contexts.push(context);
          services.get(DATABASE);
          const transaction = services.get(TRANSACTION);
          await new Promise<void>((resolve) => {
            this.finish = resolve;
          });
          const state = transaction.open ? 'open' : 'over';
          this.notes.push(`slow ends, ${signal.aborted ? 'told' : 'untold'}, its transaction is ${state}`);
        }),
        handler('deaf', (_, context) => {
          this.contexts.push(context);
          context.services.get(TRANSACTION);
          return new Promise(() => {});
        }),
      ],
    },
    stop: () => void this.notes.push('stops'),
  });

  get context(): Context {
    return this.contexts.at(-1) ?? expect.fail('no handler has run');
  }
}

for (const side of ['hub', 'worker'] as const)
  describe(`the end of a ${side}`, () => {
    let book: Book;
    let bus: Bus;
    /** Sends to the side that ends. */
    const ask = (type: string) =>
      watched(
        (side === 'hub' ? bus.workers[0]?.request(type, {}) : bus.hub.request('w1', type, {})) as never,
      );
    const ending = () => (side === 'hub' ? bus.hub : (bus.workers[0] ?? expect.fail()));

    beforeEach(async () => {
      book = new Book();
      const plugins = [book.plugin];
      bus = await Bus.of(side === 'hub' ? { plugins } : {}, {
        id: 'w1',
        ...(side === 'worker' ? { plugins } : {}),
      });
    });
    afterEach(() => bus.close());

    it('comes at once where no handler runs', async () => {
      await bus.settled(ending().close());
      expect(book.notes).to.deep.equal(['stops']);
    });

    it('tells the handlers at once, and takes their services when they have settled: of the session, then the rest', async () => {
      const call = ask('slow');
      await bus.clock.settle();
      const closed = watched(ending().close());
      await bus.clock.advance(300);
      expect(book.context.signal.reason).to.include({ code: 'cancelled' });
      expect(call.error?.code).to.equal('peer-lost');
      expect([closed.done, book.notes]).to.deep.equal([false, ['transaction']]);
      book.finish();
      await bus.clock.advance(10);
      expect(closed.done).to.equal(true);
      expect(book.notes.slice(1)).to.deep.equal([
        'slow ends, told, its transaction is open',
        'transaction ends',
        'stops',
        'database ends',
      ]);
    });

    it('waits 5 s for a handler that does not heed its signal, and no longer; what it asks for then is closed', async () => {
      ask('deaf');
      await bus.clock.settle();
      const closed = watched(ending().close());
      await bus.clock.advance(4_900);
      expect([closed.done, book.notes]).to.deep.equal([false, ['transaction']]);
      await bus.clock.advance(110);
      expect(closed.done).to.equal(true);
      expect(book.notes).to.deep.equal(['transaction', 'transaction ends', 'stops']);
      for (const name of [TRANSACTION, DATABASE])
        expect(() => book.context.services.get<unknown>(name))
          .to.throw(BusError)
          .with.property('code', 'closed');
      expect(book.notes).to.have.length(3);
    });

    it('comes at the deadline of a drain, whatever runs then', async () => {
      ask('deaf');
      await bus.clock.settle();
      const drained = watched(ending().drain({ deadlineMs: 700 }));
      await bus.clock.advance(710);
      expect(drained.error?.code).to.equal('timeout');
      expect(book.notes).to.deep.equal(['transaction', 'transaction ends', 'stops']);
    });
  });

describe('a hub whose plugin does not get ready', () => {
  const readyMs = 300;
  let book: Book;
  let bus: Bus;
  let broken: boolean;
  const told = (kind: WorkerEvent['kind']) => bus.workerEvents.filter((event) => event.kind === kind).length;

  beforeEach(() => {
    book = new Book();
    bus = new Bus();
    broken = true;
    const { transport, clock } = bus.machine('hub');
    const late = definePlugin({
      manifest: { name: 'late', version: '1.0.0', engines: { drumline: '>=0.1.0' } },
      start: () => void book.notes.push('late starts'),
      ready: () =>
        new Promise<void>((resolve, reject) => {
          clock.after(readyMs, () => (broken ? reject(new Error('no')) : resolve()));
        }),
      stop: () => new Promise<void>((resolve) => void clock.after(200, resolve)),
    });
    bus.hub = createHub({
      listen: { address: 'hub', transport },
      clock,
      log: silent,
      plugins: [book.plugin, late],
    });
    bus.hub.events$.subscribe((event) => bus.events.push(event));
  });
  afterEach(() => bus.close());

  it('says goodbye to the workers that had come, and forgets them', async () => {
    const started = watched(bus.hub.start());
    await bus.clock.settle();
    await bus.join();
    await bus.clock.advance(readyMs);
    expect(bus.happened()).to.include('left w1');
    expect(told('disconnected')).to.equal(1);
    expect(bus.hub.workers.size).to.equal(0);
    expect(() => bus.hub.publish('w1', 'x', 1))
      .to.throw(BusError)
      .with.property('code', 'unknown-worker');
    await bus.clock.advance(200);
    expect(started.error).to.include({ code: 'plugin', message: "plugin 'late': ready failed: no" });
  });

  it('lets handlers settle before their plugins stop', async () => {
    watched(bus.hub.start());
    await bus.clock.settle();
    const worker = await bus.join();
    watched(worker.request('slow', {}));
    await bus.clock.advance(readyMs + 1_000);
    expect(book.notes).to.deep.equal(['late starts', 'transaction']);
    book.finish();
    await bus.clock.advance(500);
    expect(book.notes.slice(2)).to.deep.equal([
      'slow ends, told, its transaction is open',
      'transaction ends',
      'stops',
      'database ends',
    ]);
  });

  it('starts again with new sessions, to which its workers come back by themselves', async () => {
    const first = watched(bus.hub.start());
    await bus.clock.settle();
    const worker = await bus.join();
    const { epoch } = bus.hub.workers.get('w1') ?? expect.fail();
    watched(worker.request('slow', {}));
    await bus.clock.settle();
    await bus.clock.advance(readyMs);
    book.finish();
    await bus.clock.advance(1_000);
    expect(first.error?.code).to.equal('plugin');
    broken = false;
    const again = watched(bus.hub.start());
    await bus.clock.advance(2_000);
    expect(again.value).to.equal('hub');
    const joined = bus.hub.workers.get('w1');
    expect(joined?.liveness).to.equal('alive');
    expect(joined?.epoch).to.be.a('string').that.does.not.equal(epoch);
    book.notes.length = 0;
    const call = watched(worker.request('slow', {}));
    await bus.clock.settle();
    book.finish();
    await bus.clock.settle();
    expect(call.error).to.equal(undefined);
    expect(book.notes).to.deep.equal(['transaction', 'slow ends, untold, its transaction is open']);
  });

  it('takes nobody whose claim of an id was under way', async () => {
    watched(bus.hub.start());
    await bus.clock.settle();
    await bus.join();
    bus.machine('w1').kill();
    watched(bus.worker({ id: 'w1' }, 'w1-again').start());
    await bus.clock.settle();
    // It dials no more: what comes is the claim that waits for a word of the first.
    bus.machine('w1-again').kill();
    await bus.clock.advance(readyMs + 300);
    broken = false;
    watched(bus.hub.start());
    await bus.clock.advance(5_000);
    expect(bus.happened()).to.deep.equal(['joined w1', 'left w1', 'refused w1']);
    expect(bus.hub.workers.size).to.equal(0);
  });

  it('may be started again while it stops: it starts once it has', async () => {
    const first = watched(bus.hub.start());
    await bus.clock.advance(readyMs + 100);
    expect(first.done).to.equal(false);
    broken = false;
    const second = watched(bus.hub.start());
    await bus.clock.advance(90);
    expect(book.notes).to.deep.equal(['late starts']);
    await bus.clock.advance(readyMs + 20);
    expect(first.error?.message).to.equal("plugin 'late': ready failed: no");
    expect(second.value).to.equal('hub');
    expect(book.notes).to.deep.equal(['late starts', 'stops', 'late starts']);
  });

  it('may be started again while its handlers settle', async () => {
    watched(bus.hub.start());
    await bus.clock.settle();
    watched((await bus.join()).request('slow', {}));
    await bus.clock.advance(readyMs + 100);
    broken = false;
    const second = watched(bus.hub.start());
    await bus.clock.advance(readyMs + 500);
    expect(second.done).to.equal(false);
    book.finish();
    await bus.clock.advance(readyMs + 500);
    expect(second.value).to.equal('hub');
    expect(book.notes.filter((note) => note.endsWith('stops') || note.endsWith('starts'))).to.deep.equal([
      'late starts',
      'stops',
      'late starts',
    ]);
  });

  it('does not start again when it is closed meanwhile', async () => {
    watched(bus.hub.start());
    await bus.clock.advance(readyMs + 100);
    const second = watched(bus.hub.start());
    const closed = watched(bus.hub.close());
    await bus.clock.advance(readyMs + 500);
    expect([second.error?.code, closed.done]).to.deep.equal(['closed', true]);
    expect(book.notes).to.deep.equal(['late starts', 'stops']);
  });
});

describe('a worker that the hub refuses for good', () => {
  it('may be started again while its plugins stop: it starts once they have', async () => {
    const bus = new Bus();
    let refused = true;
    const picky: HandshakeMiddleware = (next) => (hello, context) => {
      if (refused) throw new BusError('incompatible', 'no');
      return next(hello, context);
    };
    await bus.startHub({ handshake: [picky] });
    const notes: string[] = [];
    const { clock } = bus.machine('w1');
    const worker = bus.worker({
      plugins: [
        definePlugin({
          manifest: { name: 'a', version: '1.0.0', engines: { drumline: '>=0.1.0' } },
          start: () => void notes.push('starts'),
          stop: async () => {
            await new Promise<void>((resolve) => void clock.after(300, resolve));
            notes.push('has stopped');
          },
        }),
      ],
    });
    const first = watched(worker.start());
    await bus.clock.advance(100);
    refused = false;
    const second = watched(worker.start());
    await bus.clock.advance(100);
    expect(notes).to.deep.equal(['starts']);
    await bus.clock.advance(200);
    expect(first.error?.code).to.equal('handshake-refused');
    expect(second.value?.protocol).to.equal(1);
    expect(notes).to.deep.equal(['starts', 'has stopped', 'starts']);
    await bus.close();
    await rejection(worker.start(), 'closed');
  });
});
