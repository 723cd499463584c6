import { expect } from 'chai';
import { map } from 'rxjs';
import {
  type Agreement,
  BusError,
  type HandshakeMiddleware,
  type HubOptions,
  handler,
} from '../../lib/index.js';
import { eventually, failure, sleep } from './moment.js';
import { hello } from './raw-peer.js';
import { Trial } from './trial.js';

const handlers = [handler('echo', ({ payload }) => payload)];
const nonsense = [undefined, null, 0, 'yes', true, [], {}, () => {}] as unknown[];

/** Lets `healthy` pass, and has its way with everybody else. */
const except =
  (strange: HandshakeMiddleware): HandshakeMiddleware =>
  (next) => {
    const odd = strange(next);
    return (greeting, context) => (greeting.worker === 'healthy' ? next : odd)(greeting, context);
  };
const agreement = (more: object): Agreement => ({
  protocol: 1,
  features: ['credit'],
  limits: { maxPayloadBytes: 1_000, maxUnanswered: Number.POSITIVE_INFINITY },
  degraded: false,
  reasons: [],
  ...more,
});

describe('a handshake middleware', () => {
  let strange: HandshakeMiddleware = (next) => next;
  const trial = Trial.suite({
    limits: { handshakeTimeoutMs: 200 },
    handshake: [except((next) => (greeting, context) => strange(next)(greeting, context))],
  });
  const refused = async () => {
    const error = await failure(trial.made({ id: 'odd', handlers }).start({ timeoutMs: 400 }));
    expect(error).to.include({ code: 'handshake-refused' });
    expect((await trial.event('refused', 'odd')).error?.message).to.include(
      error.message.replace(/^.*?: /, ''),
    );
    await trial.servesHealthy('during');
    return error;
  };

  it('that throws costs that worker its admission', async () => {
    strange = () => () => {
      throw new TypeError('undefined is not a function');
    };
    const error = await refused();
    expect(error.message).to.include('undefined is not a function');
    expect(error.details).to.include({ code: 'handshake-failed' });
  });

  it('that rejects costs that worker its admission', async () => {
    strange = () => () => Promise.reject(new Error('no database'));
    expect((await refused()).message).to.include('no database');
  });

  it('that refuses gives the worker its own words, once and for all', async () => {
    strange = () => () => Promise.reject(new BusError('incompatible', 'upgrade to 2.0'));
    const before = performance.now();
    const error = await refused();
    expect(performance.now() - before).to.be.below(350);
    expect(error).to.include({ retryable: false });
    expect(error.details).to.include({ code: 'incompatible' });
    expect(error.message).to.include('upgrade to 2.0');
  });

  it('that never answers is cut short', async () => {
    strange = () => () => new Promise(() => {});
    expect((await refused()).message).to.include('no answer within 200 ms');
  });

  for (const thrown of [
    undefined,
    null,
    0,
    'text',
    Symbol('s'),
    new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    ),
  ])
    it(`that throws what is no error costs that worker its admission: ${typeof thrown}`, async () => {
      strange = () => () => {
        throw thrown;
      };
      await refused();
    });

  for (const lookalike of [
    { code: 5, message: 'a text' },
    { code: 'incompatible', message: { no: 'text' } },
  ])
    it(`that throws what only looks like an error of the bus costs that worker its admission: ${lookalike.code}`, async () => {
      strange = () => () => {
        throw { [Symbol.for('drumline.BusError')]: true, ...lookalike };
      };
      await refused();
    });

  for (const value of nonsense)
    it(`that gives ${JSON.stringify(value) ?? String(value)} costs that worker its admission`, async () => {
      strange = () => async () => value as Agreement;
      expect((await refused()).message).to.include('not an agreement');
    });

  const inside: Record<string, object> = {
    'features that are no texts': { features: [{}, 5, null] },
    'reasons that are no texts': { reasons: [5, undefined] },
    'a protocol that is no number': { protocol: Number.NaN },
    'limits that are no numbers': { limits: { maxPayloadBytes: Number.NaN, maxUnanswered: -1 } },
    'a getter that throws': {
      get features(): string[] {
        throw new Error('no');
      },
    },
  };
  for (const [name, more] of Object.entries(inside))
    it(`that gives an agreement with ${name} costs that worker its admission`, async () => {
      strange = () => async () =>
        Object.defineProperties(agreement({}), Object.getOwnPropertyDescriptors(more));
      await refused();
    });

  it('may answer twice; the first counts', async () => {
    strange = (next) => (greeting, context) => {
      void next(greeting, context);
      return next(greeting, context);
    };
    await trial.worker({ id: 'odd', handlers });
  });

  it('that answers when the worker is long gone leaves nothing behind', async () => {
    strange = (next) => async (greeting, context) => {
      await sleep(100);
      return next(greeting, context);
    };
    trial.raw().send(hello('gone')).close();
    await sleep(200);
    await eventually('it is not there', () => trial.hub.workers.get('gone')?.liveness !== 'alive');
  });
});

describe('an authentication', () => {
  let strange: NonNullable<HubOptions['authenticate']> = () => ({ subject: 'odd' });
  const trial = Trial.suite({
    limits: { handshakeTimeoutMs: 200 },
    authenticate: (greeting, context) =>
      greeting.worker === 'healthy' ? { subject: 'healthy' } : strange(greeting, context),
  });
  const refused = async (code: string) => {
    const error = await failure(trial.made({ id: 'odd', handlers }).start({ timeoutMs: 400 }));
    expect(error).to.include({ code: 'handshake-refused' });
    expect(error.details).to.include({ code });
    await trial.event('refused', 'odd');
    await trial.servesHealthy('during');
    return error;
  };

  it('that throws lets nobody in', async () => {
    strange = () => {
      throw new Error('bad token');
    };
    expect((await refused('unauthenticated')).message).to.match(/: authentication failed$/);
    expect((await trial.event('refused', 'odd')).error?.cause).to.have.property('message', 'bad token');
  });

  it('that rejects lets nobody in', async () => {
    strange = () => Promise.reject(new Error('no directory'));
    expect((await refused('unauthenticated')).message).to.match(/: authentication failed$/);
    expect((await trial.event('refused', 'odd')).error?.cause).to.have.property('message', 'no directory');
  });

  it('that never answers lets nobody in', async () => {
    strange = () => new Promise(() => {});
    await refused('handshake-failed');
  });

  for (const value of nonsense)
    it(`that gives ${JSON.stringify(value) ?? typeof value} lets nobody in`, async () => {
      strange = () => value as never;
      expect((await refused('unauthenticated')).message).to.match(/identity/);
    });

  it('puts its identity on the session', async () => {
    strange = () => ({ subject: 'somebody', team: 'red' });
    await trial.worker({ id: 'w', handlers });
    expect(trial.hub.workers.get('w')?.identity).to.deep.equal({ subject: 'somebody', team: 'red' });
  });

  it('keeps an id for the one who had it, even after its link was lost', async () => {
    strange = ({ extra }) => ({ subject: extra.who ?? '' });
    const peer = trial.raw();
    await peer.join(hello('w', { extra: { who: 'anna' } }));
    const thief = trial.raw().send(hello('w', { extra: { who: 'eve' }, incarnation: 'other' }));
    const refusal = await thief.refused();
    expect(refusal).to.include({ code: 'unauthenticated' });
    expect(refusal.message).to.include('another identity');
    expect(trial.hub.workers.get('w')?.identity).to.deep.equal({ subject: 'anna' });
  });

  it('is asked again at a resume, and the identity must be the same', async () => {
    strange = ({ extra }) => ({ subject: extra.who ?? '' });
    const peer = trial.raw();
    const greeting = hello('w', { extra: { who: 'anna' } });
    const { resumeToken, epoch } = await peer.join(greeting);
    peer.close();
    await trial.event('suspect', 'w');
    const received = { seq: 0, messages: 0, bytes: 0 };
    const thief = trial.raw().send({ ...greeting, resumeToken, received, extra: { who: 'eve' } });
    expect(await thief.refused()).to.include({ code: 'unauthenticated' });
    const back = await trial.raw().join({ ...greeting, resumeToken, received });
    expect(back.epoch).to.equal(epoch);
  });
});

describe('a subscriber', () => {
  const trial = Trial.suite({ handlers });
  const throws = () => {
    throw new Error('a careless subscriber');
  };

  it('of hub.events$ that throws hurts nobody, and is logged', async () => {
    trial.hub.events$.subscribe(throws);
    trial.hub.events$.pipe(map(throws)).subscribe();
    trial.hub.events$.pipe(map(throws)).subscribe({ error: throws });
    await trial.worker({ id: 'w1' });
    await trial.event('joined', 'w1');
    expect(trial.hubLog.lines.join()).to.include('a careless subscriber');
  });

  it('of worker.state$ and worker.events$ that throws hurts nobody, and is logged', async () => {
    const worker = trial.made({ id: 'w1' });
    worker.state$.subscribe(throws);
    worker.events$.subscribe(throws);
    worker.state$.subscribe({ next: throws, error: throws, complete: throws });
    await worker.start({ timeoutMs: 2_000 });
    await worker.close();
    expect(worker.said.join()).to.include('a careless subscriber');
  });

  it('of a stream that throws hurts nobody, and the stream goes on or is cancelled', async () => {
    const worker = trial.made({
      id: 'w1',
      handlers: [
        handler('tail', async function* () {
          for (let n = 0; n < 5; n++) yield n;
        }),
        handler('echo', ({ payload }) => payload),
      ],
    });
    await worker.start();
    let items = 0;
    trial.hub.stream('w1', 'tail', 0).subscribe(() => {
      items += 1;
      throws();
    });
    trial.hub.stream('w1', 'tail', 0).pipe(map(throws)).subscribe();
    await eventually('the first item', () => items > 0);
    expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);
  });

  it('of a stream without an error handler hurts nobody', async () => {
    trial.hub.stream('nobody', 'tail', 0).subscribe();
    trial.hub.stream('healthy', 'nothing', 0).subscribe();
    await eventually(
      'both are logged',
      () => trial.hubLog.lines.filter((line) => line.includes('stream')).length === 2,
    );
  });

  it('that closes the hub from within an event hurts nobody', async () => {
    const own = new Trial();
    await own.begin({ handlers });
    own.hub.events$.subscribe(({ kind }) => void (kind === 'joined' && own.hub.close()));
    const worker = own.made({ id: 'w1' });
    void worker.start({ timeoutMs: 300 }).catch(() => {});
    await eventually('it is closed', () => own.hubEvents.some(({ kind }) => kind === 'left'));
    await own.end();
  });
});
