import { expect } from 'chai';
import { encodeBatch } from '../../lib/frame/codec.js';
import { type Authenticate, createWorker, handler } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, nobody, Stranger } from './bus.js';

const modern = {
  ...nobody,
  protocolMin: 1,
  protocolMax: 1,
  features: ['credit', 'resume', 'streams'],
  version: '1.0.0',
};

describe('an identity', () => {
  noUnhandledRejections();

  it('is that of the last link: claims that changed at a resume are those that handlers see', async () => {
    const seen: unknown[] = [];
    let roles = ['reader', 'writer'];
    const bus = await Bus.of({
      authenticate: () => ({ subject: 'ada', roles }),
      handlers: [handler('do', (_, { from }) => void seen.push(from.identity))],
    });
    const worker = await bus.join({ id: 'w1' });
    const { epoch } = bus.hub.workers.get('w1') ?? {};
    await bus.settled(worker.request('do', 1));
    roles = ['reader'];
    bus.cut('w1');
    await bus.clock.advance(100);
    await bus.settled(worker.request('do', 2));
    expect(bus.hub.workers.get('w1')).to.deep.include({
      epoch,
      identity: { subject: 'ada', roles: ['reader'] },
    });
    expect(seen).to.deep.equal([
      { subject: 'ada', roles: ['reader', 'writer'] },
      { subject: 'ada', roles: ['reader'] },
    ]);
    await bus.close();
  });
});

describe('the sessions of one address', () => {
  noUnhandledRejections();

  it('are no more than they may be; others have room, and a resume is always taken', async () => {
    const bus = await Bus.of({ limits: { maxSessionsPerAddress: 2 } });
    await bus.join({ id: 'a' }, 'farm');
    await bus.join({ id: 'b' }, 'farm');
    const third = new Stranger(bus, 'farm').send({ ...modern, worker: 'c' });
    await bus.clock.settle();
    expect(third.of('refusal')[0]).to.include({ code: 'overflow', retryable: true });
    expect(third.of('refusal')[0]?.message).to.match(/at most 2 workers from farm/);
    await bus.join({ id: 'elsewhere' });
    bus.cut('farm');
    await bus.clock.advance(200);
    expect(['a', 'b'].map((id) => bus.hub.workers.get(id)?.liveness)).to.deep.equal(['alive', 'alive']);
    await bus.workers[0]?.close();
    await bus.clock.settle();
    const fourth = new Stranger(bus, 'farm').send({ ...modern, worker: 'c' });
    await bus.clock.settle();
    expect(fourth.of('welcome')).to.have.length(1);
    await bus.close();
  });
});

describe('what comes behind a hello', () => {
  noUnhandledRejections();

  it('is not decoded beyond its limit while the hub still thinks', async () => {
    const pending: Authenticate = () => new Promise(() => {});
    const bus = await Bus.of({ authenticate: pending, limits: { maxHelloBytes: 1_000 } });
    const stranger = new Stranger(bus).send({ ...modern, worker: 'w9' });
    await bus.clock.settle();
    // A frame of a kind that nobody knows: were it decoded, an event would say so.
    const strange = Buffer.concat([
      encodeBatch([{ kind: 'drain' }]),
      Buffer.from([0x0a, 0x04, 0x9a, 0x06, 0x01, 0x00]),
    ]);
    stranger.bytes(Buffer.concat(Array(500).fill(strange)));
    await bus.clock.settle();
    expect(bus.happened()).to.deep.equal([]);
    await bus.clock.advance(10_000);
    await bus.close();
  });
});

describe('a token in extra', () => {
  it('may be as long as signed tokens are', () => {
    const token = (length: number) => () =>
      createWorker({ hub: '127.0.0.1:1', extra: { token: 'x'.repeat(length) } });
    expect(token(16_384)).to.not.throw();
    expect(token(16_385))
      .to.throw(/^extra\.token must be a string of at most 16384 characters, not one of 16385$/)
      .with.property('code', 'invalid-option');
  });
});
