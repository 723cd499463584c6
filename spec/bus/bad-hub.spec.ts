import { expect } from 'chai';
import type { Frame, Refusal } from '../../lib/frame/frame.js';
import { handler } from '../../lib/index.js';
import { bytes } from '../frame/raw.js';
import { eventually, failure, sleep } from './moment.js';
import { RawHub, welcome } from './raw-hub.js';
import { json, message } from './raw-peer.js';
import { Trial } from './trial.js';

type Answer = ConstructorParameters<typeof RawHub>[0];
const refusal: Refusal = {
  kind: 'refusal',
  code: 'incompatible',
  message: 'no',
  retryable: false,
  retryAfterMs: 0,
  details: {},
};
const garbage = Buffer.from([0xff, 0xff, 0xff, 0xff]);

describe('a worker at a strange hub', () => {
  const trial = Trial.suite();
  const handlers = [handler('echo', ({ payload }) => payload)];
  const at = async (answer: Answer) => {
    const hub = await new RawHub(answer).start();
    trial.later(() => hub.close());
    return { hub, worker: trial.made({ id: 'w1', hub: hub.address, handlers }) };
  };
  const joined = async (then: Answer) => {
    const all = await at((send, link, end) => {
      send([welcome()]);
      if (link === 1) then(send, link, end);
    });
    await all.worker.start({ timeoutMs: 2_000 });
    return all;
  };

  const answers: Record<string, readonly [code: string, answer: Answer]> = {
    'bytes that are no frame': ['protocol', (send) => send(garbage)],
    'a beat': ['protocol', (send) => send([{ kind: 'drain' }])],
    'a hello': [
      'protocol',
      (send) => send([{ kind: 'hello', labels: {}, handles: [], features: [], requires: [], extra: {} }]),
    ],
    'the end': ['handshake-failed', (_, __, end) => end()],
    'a refusal that may pass': [
      'handshake-refused',
      (send) => send([{ ...refusal, code: 'overflow', retryable: true }]),
    ],
    'a refusal of the future': [
      'handshake-refused',
      (send) => send([{ ...refusal, code: 'telepathy', retryable: true }]),
    ],
  };
  for (const [name, [code, answer]] of Object.entries(answers))
    it(`that answers with ${name} gets a typed, retryable error at its timeout, and does not hammer`, async () => {
      const { hub, worker } = await at(answer);
      const began = performance.now();
      const error = await failure(worker.start({ timeoutMs: 400 }));
      expect(performance.now() - began).to.be.within(390, 2_000);
      expect(error).to.include({ code, retryable: true });
      expect(error.message).to.include(
        code === 'handshake-failed' || code === 'protocol' ? '127.0.0.1' : hub.address,
      );
      expect(hub.links).to.be.within(2, 40);
      await sleep(150);
      const { links } = hub;
      await sleep(150);
      expect(hub.links, 'dials after it has given up').to.equal(links);
    });

  it('that says no for good gets the reason at once, and stops', async () => {
    const { hub, worker } = await at((send) => send([{ ...refusal, message: 'upgrade to 3.0' }]));
    const began = performance.now();
    const error = await failure(worker.start({ timeoutMs: 5_000 }));
    expect(performance.now() - began).to.be.below(2_000);
    expect(error).to.include({ code: 'handshake-refused', retryable: false });
    expect(error.details).to.include({ code: 'incompatible' });
    expect(error.message).to.include('upgrade to 3.0');
    await sleep(200);
    expect(hub.links).to.equal(1);
  });

  it('that asks for patience is dialled no sooner', async () => {
    const { hub, worker } = await at((send) => send([{ ...refusal, retryable: true, retryAfterMs: 250 }]));
    await failure(worker.start({ timeoutMs: 600 }));
    expect(hub.links).to.be.within(2, 3);
  });

  for (const [name, more] of Object.entries({
    'times of 0': { beat: { intervalMs: 0, suspectAfterMs: 0, lostAfterMs: 0, stalledAfterMs: 0 } },
    'times in the wrong order': {
      beat: { intervalMs: 9e15, suspectAfterMs: 1, lostAfterMs: 1, stalledAfterMs: 1 },
    },
    'no credit': { credit: { messages: 0, bytes: 0 } },
    'features that nobody knows': { features: ['telepathy'] },
    'the id of another': { worker: 'somebody' },
    'a session that it never had': { received: { seq: 900, messages: 900, bytes: 900 } },
  }))
    it(`that welcomes with ${name} does no harm`, async () => {
      const { worker } = await at((send) => send([welcome(more)]));
      await Promise.race([worker.start({ timeoutMs: 500 }), sleep(600)]).catch(() => {});
      await failure(worker.request('x', 1, { timeoutMs: 100 }));
      expect(worker.id).to.equal('w1');
    });

  for (const [name, batch] of Object.entries<Frame[] | Uint8Array>({
    garbage,
    'a second welcome': [welcome()],
    'a hello': [{ kind: 'hello', labels: {}, handles: [], features: [], requires: [], extra: {} }],
    'a refusal': [refusal],
    'a message without a number': [message(0, 'echo')],
  }))
    it(`that sends ${name} loses its link, and is dialled again`, async () => {
      const { hub, worker } = await joined((send) => setTimeout(() => send(batch), 30));
      await eventually('another link', () => hub.links === 2);
      await eventually(
        'it is connected',
        () => worker.seen.filter(({ kind }) => kind === 'connected').length === 2,
      );
      const event = worker.seen.find(({ kind }) => kind === 'disconnected');
      expect(event?.cause).to.be.a('string').and.not.equal('');
      expect(event?.error).to.have.property('code', 'protocol');
    });

  it('that sends frames of unknown kinds and numbers stays joined, and is told of', async () => {
    const unknown = Buffer.from(bytes(1, bytes(99, [8, 1])));
    const largest = 2 ** 53 - 1;
    const { hub, worker } = await joined((send) => {
      send(unknown);
      send([
        { kind: 'ack', seq: largest },
        { kind: 'cancel', re: largest, reason: '' },
        { kind: 'pull', re: 0, items: largest },
      ]);
      send([{ kind: 'outcome', seq: 1, re: 77, status: 'value', payload: json(1), codec: '' }]);
      send([message(2, 'echo', { payload: json('served') })]);
    });
    await eventually('the reply', () =>
      hub.frames.some((frame) => frame.kind === 'outcome' && frame.re === 2),
    );
    await eventually('a word', () =>
      worker.seen.some(({ kind, cause }) => kind === 'fault' && /kind/.test(cause)),
    );
    expect(hub.links).to.equal(1);
  });

  it('that never speaks again is dialled again after lostAfterMs, with the old outbox', async () => {
    const { hub, worker } = await joined(() => {});
    const asked = worker.request('x', 1, { timeoutMs: 4_000 });
    asked.catch(() => {});
    const began = performance.now();
    await eventually('a second link', () => hub.links === 2, 4_000);
    expect(performance.now() - began).to.be.within(800, 2_000);
    expect(worker.seen.map(({ kind }) => kind))
      .to.include('suspect')
      .and.include('disconnected');
    const hellos = hub.frames.filter((frame) => frame.kind === 'hello');
    expect(hellos[1]).to.include({ resumeToken: 'raw' });
  });
});
