import { expect } from 'chai';
import type { Authenticate, HandshakeMiddleware, HubOptions } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, nobody, Stranger } from './bus.js';

const modern = {
  ...nobody,
  protocolMin: 1,
  protocolMax: 1,
  features: ['credit', 'resume', 'streams'],
  version: '1.0.0',
};

/** A stranger's greeting and what the hub made of it, before any time has passed. */
async function greeted(options: HubOptions, hello: object = {}) {
  const bus = await Bus.of(options);
  const stranger = new Stranger(bus).send({ ...modern, worker: 'w9', ...hello });
  await bus.clock.settle();
  return { bus, stranger };
}

/** The hub goes on as if nothing had happened: it lets a worker in, and works with it. */
async function unharmed(bus: Bus): Promise<void> {
  const worker = await bus.join({ id: 'good' });
  worker.handle('echo', ({ payload }) => payload);
  await bus.clock.settle();
  expect(await bus.settled(bus.hub.request('good', 'echo', 5))).to.equal(5);
  await bus.close();
}

describe('admission', () => {
  noUnhandledRejections();

  it('asks authentication before the chain, and hands its identity on', async () => {
    const order: unknown[] = [];
    const authenticate: Authenticate = ({ extra }, { peer }) => {
      order.push(['authenticate', peer.address]);
      return { subject: extra.user ?? 'good' };
    };
    const handshake: HandshakeMiddleware[] = [
      (next) => (hello, context) => {
        order.push(['chain', context.identity?.subject]);
        return next(hello, context);
      },
    ];
    const { bus, stranger } = await greeted({ authenticate, handshake }, { extra: { user: 'ada' } });
    expect(order).to.deep.equal([
      ['authenticate', 'stranger'],
      ['chain', 'ada'],
    ]);
    expect(stranger.of('welcome')).to.have.length(1);
    expect(bus.hub.workers.get('w9')?.identity).to.deep.equal({ subject: 'ada' });
    await unharmed(bus);
  });

  it('refuses whom authentication does not know, and asks no chain', async () => {
    let chained = 0;
    const handshake: HandshakeMiddleware[] = [
      (next) =>
        (...input) => {
          chained += 1;
          return next(...input);
        },
    ];
    const authenticate: Authenticate = ({ worker }) => {
      if (worker !== 'good') throw new Error('who is that?');
      return { subject: worker };
    };
    const { bus, stranger } = await greeted({ authenticate, handshake });
    expect(stranger.of('refusal')).to.have.nested.property('[0].code', 'unauthenticated');
    expect(stranger.of('refusal')).to.have.nested.property('[0].retryable', false);
    expect(stranger.ended).to.equal(true);
    expect(chained).to.equal(0);
    expect(bus.happened()).to.deep.equal(['refused w9']);
    await unharmed(bus);
  });

  const only = (middleware: HandshakeMiddleware): HubOptions => ({
    handshake: [
      (next) => (hello, context) =>
        hello.worker === 'good' ? next(hello, context) : middleware(next)(hello, context),
    ],
  });
  const broken: readonly (readonly [name: string, middleware: HandshakeMiddleware, text: RegExp])[] = [
    ['rejects', () => async () => Promise.reject(new Error('boom')), /the handshake failed: boom/],
    [
      'throws',
      () => () => {
        throw new Error('boom');
      },
      /the handshake failed: boom/,
    ],
    ['rejects with nothing', () => () => Promise.reject(undefined), /the handshake failed: undefined/],
    ['gives nothing', () => () => undefined as never, /something that is not an agreement/],
    ['gives a text', () => async () => 'yes' as never, /something that is not an agreement/],
    [
      'gives half an agreement',
      () => async () => ({ protocol: 1, features: [] }) as never,
      /not an agreement/,
    ],
  ];
  for (const [name, middleware, text] of broken)
    it(`refuses that one worker whose middleware ${name}`, async () => {
      const { bus, stranger } = await greeted(only(middleware));
      const [refusal] = stranger.of('refusal');
      expect(refusal).to.include({ code: 'handshake-failed', retryable: true });
      expect(refusal?.message).to.match(text);
      expect(refusal?.retryAfterMs).to.be.above(0);
      await unharmed(bus);
    });

  it('refuses a worker whose middleware never answers, when the time is over, and no other', async () => {
    const { bus, stranger } = await greeted({
      ...only(() => () => new Promise(() => {})),
      limits: { handshakeTimeoutMs: 700 },
    });
    await bus.clock.advance(699);
    expect(stranger.frames).to.deep.equal([]);
    await bus.clock.advance(1);
    expect(stranger.of('refusal')[0]?.message).to.match(/the handshake gave no answer within 700 ms/);
    await unharmed(bus);
  });

  it('refuses a worker whose authentication never answers, when the time is over', async () => {
    const authenticate: Authenticate = ({ worker }) =>
      worker === 'good' ? { subject: worker } : new Promise(() => {});
    const { bus, stranger } = await greeted({ authenticate, limits: { handshakeTimeoutMs: 700 } });
    await bus.clock.advance(700);
    expect(stranger.of('refusal')[0]?.message).to.match(/authentication gave no answer within 700 ms/);
    await unharmed(bus);
  });

  it('closes a link that never greets', async () => {
    const bus = await Bus.of({ limits: { handshakeTimeoutMs: 700 } });
    const stranger = new Stranger(bus);
    await bus.clock.advance(700);
    expect(stranger.of('refusal')[0]?.code).to.equal('handshake-failed');
    await bus.clock.advance(10);
    expect(stranger.ended).to.equal(true);
    await unharmed(bus);
  });

  const greetings: readonly (readonly [name: string, bytes: Uint8Array])[] = [
    ['garbage', Uint8Array.from({ length: 500 }, (_, index) => (index * 7919) & 255)],
    ['a number that does not end', new Uint8Array(40).fill(0xff)],
    ['a length beyond the end', Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0x7f)],
    ['a request in HTTP/1.1', Buffer.from('GET / HTTP/1.1\r\nHost: hub\r\n\r\n')],
    ['more than it reads', new Uint8Array(70_000)],
  ];
  for (const [name, bytes] of greetings)
    it(`refuses ${name}, and is unharmed`, async () => {
      const bus = await Bus.of();
      const stranger = new Stranger(bus).bytes(bytes);
      await bus.clock.settle();
      expect(stranger.of('refusal')).to.have.length(1);
      expect(stranger.ended).to.equal(true);
      expect(bus.happened()).to.deep.equal(['refused']);
      await unharmed(bus);
    });

  it('refuses a first frame that is no hello', async () => {
    const bus = await Bus.of();
    const stranger = new Stranger(bus).send({ kind: 'drain' });
    await bus.clock.settle();
    expect(stranger.of('refusal')[0]).to.include({ code: 'protocol', retryable: false });
    await unharmed(bus);
  });

  it('greets no more links at once than it may, and again when one is done', async () => {
    const bus = await Bus.of({ limits: { maxGreetings: 2, handshakeTimeoutMs: 500 } });
    const quiet = [new Stranger(bus, 'a'), new Stranger(bus, 'b')];
    await bus.clock.settle();
    const third = new Stranger(bus, 'c').send({ ...modern, worker: 'c' });
    await bus.clock.settle();
    expect(third.of('refusal')[0]).to.include({ code: 'overflow', retryable: true });
    await bus.clock.advance(500);
    expect(quiet.map((stranger) => stranger.of('refusal').length)).to.deep.equal([1, 1]);
    await unharmed(bus);
  });

  it('takes no more workers than it may, and a resume all the same', async () => {
    const bus = await Bus.of({ limits: { maxSessions: 1 } }, { id: 'w1' });
    const stranger = new Stranger(bus).send({ ...modern, worker: 'w2' });
    await bus.clock.settle();
    expect(stranger.of('refusal')[0]).to.include({ code: 'overflow', retryable: true });
    bus.cut('w1');
    await bus.clock.advance(100);
    expect(bus.hub.workers.get('w1')?.liveness).to.equal('alive');
    await bus.close();
  });

  for (const id of ['x'.repeat(256), 'a\nb', 'a\u0000', '\ud800'])
    it(`refuses the id ${JSON.stringify(id.slice(0, 5))}`, async () => {
      const { bus, stranger } = await greeted({}, { worker: id });
      expect(
        [...bus.hub.workers.values()].every((each) => !/\p{Cc}/u.test(each.id) && each.id.length <= 255),
      ).to.equal(true);
      if (id !== '\ud800') expect(stranger.of('refusal')[0]?.code).to.equal('protocol');
      await unharmed(bus);
    });

  it('keeps hostile names out of its own objects', async () => {
    const { bus, stranger } = await greeted(
      {},
      { worker: '__proto__', labels: { constructor: 'x' }, handles: ['__proto__'] },
    );
    expect(stranger.of('welcome')).to.have.length(1);
    expect(bus.hub.workers.get('__proto__')?.handles).to.deep.equal(['__proto__']);
    expect(({} as Record<string, unknown>).x).to.equal(undefined);
    await unharmed(bus);
  });

  it('greets nobody any more once it is closing', async () => {
    let admit: (() => void) | undefined;
    const authenticate: Authenticate = () =>
      new Promise((resolve) => {
        admit = () => resolve({ subject: 'w9' });
      });
    const { bus } = await greeted({ authenticate });
    const closing = bus.hub.close();
    admit?.();
    await bus.clock.settle();
    await closing;
    expect(bus.hub.workers.size).to.equal(0);
    await bus.clock.advance(2_000);
    expect(bus.clock.pending).to.equal(0);
  });
});
