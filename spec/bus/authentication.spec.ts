import { expect } from 'chai';
import type { Hello, Refusal } from '../../lib/frame/frame.js';
import { type Authenticate, BusError, handler, type Peer, type WorkerOptions } from '../../lib/index.js';
import { issuer, type Papers } from './authority.js';
import { Cable } from './cable.js';
import { eventually, failure, sleep } from './moment.js';
import { emptyHello, hello, json, message, type RawPeer } from './raw-peer.js';
import { Trial } from './trial.js';

const handlers = [handler('echo', ({ payload }) => payload)];
const nothing = { seq: 0, messages: 0, bytes: 0 };

/** Who may come in, by token. */
const subjects = new Map([
  ['token-of-ada', 'ada'],
  ['token-of-eve', 'eve'],
]);

const byToken: Authenticate = async ({ extra }) => {
  await sleep(5);
  const subject = subjects.get(extra.token ?? '');
  if (subject === undefined) throw new BusError('unauthenticated', 'no token, or none of ours');
  return { subject, roles: ['worker'] };
};

const token = (of: string) => ({ extra: { token: `token-of-${of}` } });

describe('a hub that wants a token', () => {
  const from: Peer[] = [];
  const trial = Trial.suite({
    // The worker that is served before and after each spec brings no token.
    authenticate: (greeting, context) =>
      greeting.worker === 'healthy' ? { subject: 'healthy' } : byToken(greeting, context),
    handlers: [handler('who', (_, context) => void from.push(context.from))],
  });
  afterEach(() => from.splice(0));

  /** The intruder is told why, the hub says who it claimed to be, no text has the secret, and nobody new is listed. */
  const staysOut = async (peer: RawPeer, code: string, claimed: string | undefined): Promise<Refusal> => {
    const listed = [...trial.hub.workers.keys()];
    const refusal = await peer.refused();
    expect(refusal).to.include({ code });
    const event = await eventually('its event', () =>
      trial.events('refused').find(({ cause }) => cause === refusal.message),
    );
    expect(event.error).to.have.property('code', code);
    expect(event.worker).to.equal(claimed);
    expect(JSON.stringify([refusal, trial.hubEvents, trial.hubLog.lines])).to.not.include('token-of');
    expect(
      peer.frames.some(({ kind }) => kind === 'welcome'),
      'welcomed',
    ).to.equal(false);
    expect([...trial.hub.workers.keys()]).to.deep.equal(listed);
    await trial.servesHealthy('meanwhile');
    return refusal;
  };

  it('lets in who has one, and handlers see its identity', async () => {
    const worker = await trial.worker({ id: 'w1', ...token('ada') });
    await worker.request('who', 1);
    expect(from[0]).to.deep.include({ id: 'w1', identity: { subject: 'ada', roles: ['worker'] } });
    expect(trial.hub.workers.get('w1')?.identity).to.equal(from[0]?.identity);
  });

  it('tells a worker without one that it is unauthenticated, once and for good', async () => {
    const worker = trial.made({ id: 'w1', extra: { token: 'token-of-nobody' } });
    const error = await failure(worker.start({ timeoutMs: 3_000 }));
    expect(error).to.include({ code: 'handshake-refused', retryable: false });
    expect(error.details).to.include({ code: 'unauthenticated' });
    expect(`${error.message} ${worker.said}`).to.not.include('token-of');
    await sleep(200);
    expect(trial.events('refused', 'w1'), 'dials').to.have.length(1);
  });

  const tokens: Record<string, Partial<Hello>> = {
    'no token': {},
    'an empty token': { extra: { token: '' } },
    'a wrong token': { extra: { token: 'token-of-adb' } },
    'a token under another name': { extra: { Token: 'token-of-ada' } },
    'a token in its labels': { labels: { token: 'token-of-ada' } },
    'the resume token of nobody': { resumeToken: 'token-of-ada', received: nothing },
  };
  for (const [what, more] of Object.entries(tokens)) {
    it(`keeps out a peer with ${what}`, async () => {
      await staysOut(trial.raw().send(hello('w9', more)), 'unauthenticated', 'w9');
    });

    it(`keeps out a peer of the baseline with ${what}`, async () => {
      const peer = trial.raw().send({ ...emptyHello, worker: 'w9', ...more });
      await staysOut(peer, 'unauthenticated', 'w9');
    });

    it(`keeps out a peer without an id with ${what}`, async () => {
      await staysOut(trial.raw().send(hello('', more)), 'unauthenticated', undefined);
      await staysOut(trial.raw().send({ ...emptyHello, ...more }), 'unauthenticated', undefined);
    });
  }

  it('asks a peer of the baseline and one without an id like everybody else', async () => {
    const { worker } = await trial.raw().join({ ...emptyHello, ...token('ada') });
    expect(trial.hub.workers.get(worker)?.identity).to.deep.include({ subject: 'ada' });
  });

  describe('and knows the worker of somebody else', () => {
    let owner: RawPeer;
    let greeting: Hello;
    let epoch: string;
    let resumeToken: string;
    beforeEach(async () => {
      owner = trial.raw();
      greeting = hello('w1', token('ada'));
      ({ epoch, resumeToken } = await owner.join(greeting));
    });
    const staysHers = () =>
      expect(trial.hub.workers.get('w1')).to.deep.include({
        epoch,
        identity: { subject: 'ada', roles: ['worker'] },
      });

    it('gives its id to nobody else while it lives', async () => {
      const refusal = await staysOut(
        trial.raw().send(hello('w1', { ...token('eve'), incarnation: 'eve' })),
        'unauthenticated',
        'w1',
      );
      expect(refusal.message).to.include('belongs to another identity');
      staysHers();
      expect(owner.ended).to.equal(false);
    });

    it('gives its id to nobody else while its link is lost', async () => {
      owner.close();
      await trial.event('suspect', 'w1');
      await staysOut(trial.raw().send(hello('w1', token('eve'))), 'unauthenticated', 'w1');
      staysHers();
    });

    it('gives its id to nobody else once it is lost, and to its owner', async () => {
      owner.close();
      await trial.event('lost', 'w1');
      await staysOut(trial.raw().send(hello('w1', token('eve'))), 'unauthenticated', 'w1');
      staysHers();
      await trial.raw().join(greeting);
      expect(trial.hub.workers.get('w1')?.identity).to.deep.include({ subject: 'ada' });
    });

    for (const [state, ends] of [
      ['live', false],
      ['detached', true],
    ] as const) {
      it(`lets nobody else resume its ${state} session, whatever token it stole`, async () => {
        if (ends) {
          owner.close();
          await trial.event('suspect', 'w1');
        }
        const stolen = { ...greeting, resumeToken, received: nothing };
        await staysOut(trial.raw().send({ ...stolen, ...token('eve') }), 'unauthenticated', 'w1');
        await staysOut(trial.raw().send({ ...stolen, extra: {} }), 'unauthenticated', 'w1');
        staysHers();
        const back = await trial.raw().join(stolen);
        expect(back.epoch).to.equal(epoch);
        expect(back.received).to.deep.equal(nothing);
      });
    }

    it('resumes nothing with the token of another session of the same identity', async () => {
      const other = await trial.raw().join(hello('w2', token('ada')));
      const answering = eventually('the probe', () =>
        owner.frames.some((f) => f.kind === 'beat' && f.probe),
      ).then(() => owner.send({ kind: 'announce', handles: ['echo'] }));
      const peer = trial
        .raw()
        .send({ ...greeting, incarnation: 'raw-w2', resumeToken: other.resumeToken, received: nothing });
      await staysOut(peer, 'id-in-use', 'w1');
      await answering;
      staysHers();
    });

    it('begins a session of its own for who shows that token under another id', async () => {
      const peer = await trial
        .raw()
        .join(hello('w3', { ...token('eve'), incarnation: 'raw-w1', resumeToken, received: nothing }));
      expect(peer.received).to.equal(undefined);
      expect(peer.epoch).to.not.equal(epoch);
      expect(trial.hub.workers.get('w3')?.identity).to.deep.include({ subject: 'eve' });
      staysHers();
    });

    it('takes no second hello on its link, and keeps its identity', async () => {
      owner.send(hello('w1', token('eve')));
      expect((await owner.refused()).code).to.equal('protocol');
      staysHers();
    });

    it('takes no messages on a link of its own without a hello', async () => {
      const peer = trial.raw().send(message(1, 'who', { payload: json(1) }));
      await staysOut(peer, 'protocol', undefined);
      expect(from).to.deep.equal([]);
      staysHers();
    });
  });

  const early = {
    'a beat': {
      kind: 'beat',
      n: 1,
      lateMs: 0,
      inFlight: 0,
      queued: 0,
      handled: 0,
      oldestMs: 0,
      probe: false,
    },
    'an acknowledgement': { kind: 'ack', seq: 1 },
    'a message': message(1, 'who'),
  } as const;
  for (const [what, frame] of Object.entries(early))
    it(`keeps out a peer that sends ${what} before its hello, good as that is`, async () => {
      const peer = trial.raw().send(frame, hello('w9', token('ada')));
      await staysOut(peer, 'protocol', undefined);
      expect(from).to.deep.equal([]);
    });

  it('handles nothing of what comes behind a hello that it refuses', async () => {
    const peer = trial.raw().send(hello('w9'), message(1, 'who'));
    peer.send(message(2, 'who'));
    await staysOut(peer, 'unauthenticated', 'w9');
    expect(from).to.deep.equal([]);
  });

  for (const call of ['Pulse', 'Anything'] as const)
    it(`gives nothing to a peer that makes the call '${call}'`, async () => {
      const peer = trial.raw(call as 'Pulse').send(hello('w9', token('ada')), message(1, 'who'));
      await peer.gone();
      expect(peer.frames.filter(({ kind }) => kind !== 'refusal')).to.deep.equal([]);
      expect(from).to.deep.equal([]);
      expect(trial.hub.workers.has('w9')).to.equal(false);
    });

  it('asks again at each reconnect, and who has lost its right is out', async () => {
    const cable = new Cable(trial.address);
    trial.later(() => cable.close());
    const worker = await trial.worker({ hub: await cable.start(), id: 'w1', ...token('eve') });
    const refused = () => worker.seen.find(({ kind }) => kind === 'refused');
    cable.cut();
    await eventually('the resume', () => worker.seen.some(({ cause }) => cause === 'resumed'));
    expect(refused()).to.equal(undefined);
    subjects.delete('token-of-eve');
    trial.later(() => subjects.set('token-of-eve', 'eve'));
    cable.cut();
    expect((await eventually('the refusal', refused)).error?.details).to.include({ code: 'unauthenticated' });
    await trial.event('lost', 'w1');
  });
});

describe('a hub that wants a certificate', () => {
  let papers: Record<'hub' | 'healthy' | 'eve' | 'expired' | 'stranger', Papers>;
  before(async () => {
    const [ours, theirs] = await Promise.all([issuer('ours'), issuer('theirs')]);
    papers = {
      hub: await ours('hub'),
      healthy: await ours('healthy'),
      eve: await ours('eve'),
      expired: await ours('ada', -1),
      stranger: { ...(await theirs('ada')), ca: (await ours('x')).ca },
    };
  });
  /** A worker may have the id that is in its certificate. */
  const byCertificate: Authenticate = ({ worker }, { peer }) => {
    const name = peer.certificate?.commonName;
    if (name === undefined || name !== worker)
      throw new BusError('unauthenticated', `the certificate is not for worker '${worker}'`);
    return { subject: name, fingerprint: peer.certificate?.fingerprint256 };
  };
  const trial = Trial.suite(
    () => ({ listen: { address: '127.0.0.1:0', tls: papers.hub }, authenticate: byCertificate }),
    { hubOf: (address) => ({ address, tls: papers.healthy }) },
  );
  const at = (tls: NonNullable<Exclude<WorkerOptions['hub'], string>['tls']>) => ({
    address: trial.address,
    tls,
  });

  it('knows a worker by its certificate', () => {
    expect(trial.hub.workers.get('healthy')?.identity).to.have.property('subject', 'healthy');
    expect(trial.hub.workers.get('healthy')?.identity?.fingerprint).to.match(/^[0-9a-f]{64}$/);
  });

  it('refuses a worker whose certificate is for another, and names the id that it claimed', async () => {
    const error = await failure(trial.made({ id: 'ada', hub: at(papers.eve) }).start({ timeoutMs: 3_000 }));
    expect(error).to.include({ code: 'handshake-refused', retryable: false });
    expect(error.details).to.include({ code: 'unauthenticated' });
    expect((await trial.event('refused', 'ada')).error).to.have.property('code', 'unauthenticated');
    expect(trial.hub.workers.has('ada')).to.equal(false);
  });

  it('refuses the id of a live worker to another certificate', async () => {
    const error = await failure(
      trial.made({ id: 'healthy', hub: at(papers.eve) }).start({ timeoutMs: 3_000 }),
    );
    expect(error.details).to.include({ code: 'unauthenticated' });
  });

  const outside: Record<string, [hub: () => WorkerOptions['hub'], text: RegExp]> = {
    'in plain text': [() => trial.address, /may want TLS|TLS/],
    'without a certificate': [() => at({ ca: papers.hub.ca }), /accept the certificate of this side/],
    'with a certificate of another authority': [
      () => at(papers.stranger),
      /accept the certificate of this side/,
    ],
    'with a certificate that has expired': [() => at(papers.expired), /certificate/],
  };
  for (const [how, [hub, text]] of Object.entries(outside))
    it(`cannot be reached ${how}`, async () => {
      const error = await failure(trial.made({ id: 'ada', hub: hub(), handlers }).start({ timeoutMs: 700 }));
      expect(error).to.include({ code: 'unreachable', retryable: true });
      expect(error.message).to.match(text);
      expect(trial.hub.workers.has('ada')).to.equal(false);
      expect(trial.events('refused'), 'no greeting was read').to.deep.equal([]);
    });
});

describe('a hub that greets two links of one address at once', () => {
  const trial = Trial.suite({ limits: { maxGreetingsPerAddress: 2, handshakeTimeoutMs: 400 } });

  it('refuses the third for now, whatever its port', async () => {
    trial.raw().bytes(Buffer.alloc(0));
    trial.raw().bytes(Buffer.alloc(0));
    const third = await trial.raw().send(hello('w9')).refused();
    expect(third).to.include({ code: 'overflow', retryable: true });
    expect(third.message).to.match(/^2 links from 127\.0\.0\.1 are being greeted already/);
    await trial.worker({ id: 'later' });
  });
});

describe('a worker that checks its hub', () => {
  const cases: Record<string, [days: number, trusted: boolean, text: RegExp]> = {
    'whose certificate is of another authority': [1, false, /certificate is not trusted/],
    'whose certificate has expired': [-1, true, /expired/],
  };
  for (const [what, [days, trusted, text]] of Object.entries(cases))
    it(`does not greet one ${what}`, async () => {
      const [ours, theirs] = await Promise.all([issuer('ours'), issuer('theirs')]);
      const { ca: _, ...tls } = await (trusted ? ours : theirs)('hub', days);
      const trial = new Trial();
      let asked = 0;
      await trial.begin({
        listen: { address: '127.0.0.1:0', tls },
        authenticate: () => {
          asked += 1;
          return { subject: 'x' };
        },
      });
      try {
        const { ca } = await ours('nobody');
        const worker = trial.made({
          hub: { address: trial.address, tls: { ca } },
          extra: { token: 'secret' },
        });
        const error = await failure(worker.start({ timeoutMs: 600 }));
        expect(error).to.include({ code: 'unreachable' });
        expect(error.message).to.match(text);
        expect(asked, 'tokens that were shown').to.equal(0);
      } finally {
        await trial.end();
      }
    });
});
