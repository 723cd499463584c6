import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { bytes, kinds, number, text, varint } from '../frame/raw.js';
import { sleep } from './moment.js';
import { emptyHello, hello, json, message } from './raw-peer.js';
import { Trial } from './trial.js';

const frame = (body: readonly number[]) => Buffer.from(bytes(1, bytes(kinds.hello, body)));

describe('a strange greeting', () => {
  const trial = Trial.suite({
    limits: { handshakeTimeoutMs: 300, maxHelloBytes: 65_536 },
    handlers: [handler('slow', () => sleep(100)), handler('hub.echo', ({ payload }) => payload)],
  });

  const refusedFor = async (peer: ReturnType<Trial['raw']>, code: string) => {
    const refusal = await peer.refused();
    expect(refusal).to.include({ code });
    const event = await trial.event('refused');
    expect(event.error).to.have.property('code', code);
    expect(event.cause).to.equal(refusal.message);
    return refusal;
  };

  it('is refused where a message comes before it', async () => {
    const refusal = await refusedFor(trial.raw().send(message(1, 'hub.echo')), 'protocol');
    expect(refusal.message).to.include('first frame must be a hello');
  });

  it('is refused where the first frame is another control frame', async () => {
    const peer = trial.raw().send({ kind: 'bye', reason: '', seq: 0 });
    expect((await refusedFor(peer, 'protocol')).message).to.include('bye');
  });

  it('is refused above its size', async () => {
    const peer = trial.raw().send(hello('large', { extra: { more: 'x'.repeat(1024 * 1024) } }));
    expect((await refusedFor(peer, 'too-large')).message).to.match(/at most 65536 are read/);
  });

  it('is given up when it does not come', async () => {
    const peer = trial.raw();
    const before = performance.now();
    const refusal = await refusedFor(peer, 'handshake-failed');
    expect(performance.now() - before).to.be.within(250, 1_500);
    expect(refusal).to.include({ retryable: true });
    expect(refusal.message).to.match(/sent no greeting within 300 ms/);
  });

  it('is given up when only frames of unknown kinds come', async () => {
    const peer = trial.raw().bytes(Buffer.from(bytes(1, bytes(99, [1, 2, 3]))));
    await refusedFor(peer, 'handshake-failed');
  });

  it('costs the second one its link, and is told so', async () => {
    const peer = trial.raw();
    await peer.join(hello('twice'));
    peer.send(hello('twice'));
    expect((await peer.refused()).message).to.include('second hello');
    const fault = await trial.event('fault', 'twice');
    expect(fault.error).to.have.property('code', 'protocol');
  });

  it('cannot leave before it has come', async () => {
    const peer = trial.raw().send(hello('brief'), { kind: 'bye', reason: 'done', seq: 0 });
    await trial.event('left', 'brief');
    await peer.gone();
    expect(trial.hub.workers.has('brief'), 'stays listed').to.equal(false);
    const kinds = trial.hubEvents.filter(({ worker }) => worker === 'brief').map(({ kind }) => kind);
    expect(kinds).to.deep.equal(['joined', 'left']);
  });

  it('may carry work in the same batch', async () => {
    const peer = trial.raw().send(hello('eager'), message(1, 'hub.echo', { payload: json(7) }));
    expect(Buffer.from((await peer.outcome(1)).payload).toString()).to.equal('7');
  });

  it('takes no more than its own size before it is answered', async () => {
    const peer = trial.raw().send(emptyHello, message(1, 'hub.echo', { payload: new Uint8Array(32) }));
    await peer.next('welcome');
    await peer.outcome(1);
  });

  it('that is empty is let in at the baseline, and said to be degraded', async () => {
    const peer = trial.raw();
    const welcome = await peer.join(emptyHello);
    expect(welcome.protocol).to.equal(0);
    expect(welcome.features).to.deep.equal([]);
    expect(welcome.resumeToken).to.equal('');
    expect(welcome.reasons.join())
      .to.match(/no application version/)
      .and.match(/baseline profile, at most 16/);
    const event = await trial.event('degraded', welcome.worker);
    expect(event.cause).to.include('baseline profile');
    expect(trial.hub.workers.get(welcome.worker)?.agreement).to.deep.include({
      degraded: true,
      reasons: welcome.reasons,
    });
    expect(trial.hub.census().degraded).to.deep.include({ worker: welcome.worker, reasons: welcome.reasons });
  });

  it('of the baseline has at most 16 unanswered messages; the 17th is refused, and room comes back', async () => {
    const peer = trial.raw();
    await peer.join(emptyHello);
    const seqs = Array.from({ length: 17 }, (_, index) => index + 1);
    peer.send(...seqs.map((seq) => message(seq, 'slow')));
    const refused = await peer.outcome(17);
    expect(refused.fault).to.include({ code: 'overflow', retryable: true });
    expect((await trial.event('overflow')).type).to.equal('slow');
    for (const seq of seqs.slice(0, 16)) expect((await peer.outcome(seq)).status).to.not.equal('fault');
    peer.send(message(18, 'hub.echo', { payload: json('again') }));
    expect((await peer.outcome(18)).status).to.equal('value');
  });

  it('of the baseline gets an outcome for each message, a publish too', async () => {
    const peer = trial.raw();
    await peer.join(emptyHello);
    peer.send(message(1, 'hub.echo', { expects: 'nothing' }));
    expect(await peer.outcome(1)).to.include({ status: 'done' });
  });

  it('of the baseline is sent at most 16 messages without an outcome', async () => {
    const peer = trial.raw();
    const { worker } = await peer.join({ ...emptyHello, handles: ['job'] });
    for (let n = 0; n < 20; n++) trial.hub.publish(worker, 'job', n);
    const jobs = () => peer.frames.filter(({ kind }) => kind === 'message');
    await peer.next('message', ({ seq }) => seq === 16);
    await sleep(100);
    expect(jobs()).to.have.lengthOf(16);
    peer.send({ ...doneOutcome, seq: 1, re: 1 }, { ...doneOutcome, seq: 2, re: 2 });
    await peer.next('message', ({ seq }) => seq === 18);
    await sleep(100);
    expect(jobs()).to.have.lengthOf(18);
  });

  it('of the baseline earns one place with a stream, however many items it has', async () => {
    const peer = trial.raw();
    const { worker } = await peer.join({ ...emptyHello, handles: ['tail', 'job'] });
    const items: unknown[] = [];
    trial.hub.stream(worker, 'tail', 0).subscribe((item) => items.push(item));
    await peer.next('message');
    for (let n = 0; n < 20; n++) trial.hub.publish(worker, 'job', n);
    const item = (seq: number) => ({
      ...doneOutcome,
      seq,
      re: 1,
      status: 'item' as const,
      payload: json(seq),
    });
    peer.send(...Array.from({ length: 10 }, (_, index) => item(index + 1)));
    await sleep(150);
    expect(items).to.have.lengthOf(10);
    expect(peer.frames.filter(({ kind }) => kind === 'message')).to.have.lengthOf(16);
  });

  const strange: Record<string, readonly number[]> = {
    'names of the wrong wire type': [...number(6, 5), ...number(5, 7), ...number(3, 1), ...number(7, 9)],
    'numbers as texts': [...text(1, 'one'), ...text(2, 'two'), ...text(12, 'much')],
    'labels that are no pairs': [...bytes(8, [0xff, 0xff]), ...bytes(16, [7])],
    'features that are no texts': [...number(10, 1), ...bytes(10, [0xc3, 0x28]), ...text(10, '\u0000')],
    'a credit that is no message': [...text(15, '\xff\xff\xff'), ...text(14, 'zz')],
    'fields from the future': [...text(90, 'later'), ...number(91, 2n ** 63n), ...bytes(92, [1, 2, 3])],
    'a field that is cut off': [...text(5, '1.0.0'), ...varint(6 * 8 + 2), ...varint(200), 65],
    'bytes that are nothing': [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    'groups and wire types 6 and 7': [0x0b, 0x0c, 0x0e, 0x0f],
    'numbers without end': [...number(12, 2n ** 64n - 1n), ...bytes(15, [...number(1, 2n ** 64n - 1n)])],
  };
  for (const [name, body] of Object.entries(strange))
    it(`is let in or refused in words with ${name}`, async () => {
      const peer = trial.raw().bytes(frame(body));
      const answer = await Promise.race([peer.next('welcome'), peer.next('refusal')]);
      if (answer.kind === 'refusal') expect(answer.message).to.have.length.above(20);
      else expect((await trial.event('degraded', answer.worker)).cause).to.include('baseline');
    });

  const odd: [name: string, more: Parameters<typeof hello>[1]][] = [
    ['an empty version', { version: '' }],
    ['a version of blanks', { version: '   ' }],
    ['a version that is none', { version: 'banana' }],
    ['a version of 10,000 digits', { version: '1'.repeat(10_000) }],
    ['an empty SDK version', { sdk: '' }],
    ['no incarnation', { incarnation: '' }],
    ['a label called __proto__', { labels: { ['__proto__']: 'x', constructor: 'y' } }],
    ['message types that are none', { handles: ['', '\u0000', 'x'.repeat(20_000), 'drumline.x'] }],
    ['features of the future', { features: ['credit', 'resume', 'streams', 'telepathy'] }],
    ['each feature many times', { features: Array.from({ length: 500 }, () => 'credit') }],
    [
      'a resume token that it never had',
      { resumeToken: 'nonsense', received: { seq: 5, messages: 5, bytes: 5 } },
    ],
    ['a resume token of 30,000 characters', { resumeToken: 'z'.repeat(30_000) }],
    ['no credit', { credit: { messages: 0, bytes: 0 } }],
    ['all the credit that there is', { credit: { messages: 2 ** 53 - 1, bytes: 2 ** 53 - 1 } }],
    ['a payload limit of 0', { maxPayloadBytes: 0 }],
    ['a payload limit of 1', { maxPayloadBytes: 1 }],
  ];
  for (const [name, more] of odd)
    it(`is served with ${name}`, async () => {
      const peer = trial.raw();
      const welcome = await peer.join(hello('odd', more));
      expect(welcome.worker).to.equal('odd');
      peer.send(message(1, 'hub.echo', { payload: json(1) }));
      expect(await peer.outcome(1)).to.include({ status: 'value' });
      expect(({} as Record<string, unknown>).x).to.equal(undefined);
    });

  for (const [name, id] of Object.entries({
    'an id of 256 characters': 'i'.repeat(256),
    'an id with a line break': 'a\nb',
  }))
    it(`is refused with ${name}`, async () => {
      expect((await refusedFor(trial.raw().send(hello(id)), 'protocol')).message).to.include('worker id');
    });

  it('gets a name where it brings none', async () => {
    const { worker } = await trial.raw().join(hello(''));
    expect(worker).to.match(/^worker-/);
  });

  it('of another protocol is refused, with both sides and what to do', async () => {
    const refusal = await refusedFor(
      trial.raw().send(hello('old', { protocolMin: 7, protocolMax: 9 })),
      'incompatible',
    );
    expect(refusal.retryable).to.equal(false);
    expect(refusal.message)
      .to.include('protocol 7 to 9')
      .and.include('1 to 1')
      .and.include('upgrade the hub');
  });

  it('with an upside-down protocol range is refused', async () => {
    await refusedFor(trial.raw().send(hello('odd', { protocolMin: 3, protocolMax: 1 })), 'incompatible');
  });

  it('that requires what the hub does not offer is refused', async () => {
    const refusal = await refusedFor(
      trial.raw().send(hello('odd', { requires: ['telepathy'] })),
      'incompatible',
    );
    expect(refusal.message).to.include('telepathy');
  });

  it('that is never finished holds up nobody', async () => {
    for (let n = 0; n < 50; n++) trial.raw();
    await trial.servesHealthy('during');
    const peer = trial.raw();
    await peer.join(hello('other'));
  });

  it('over the pulse is refused, and told so', async () => {
    const refusal = await trial.raw('Pulse').send(hello('odd')).refused();
    expect(refusal).to.include({ code: 'protocol', retryable: false });
    expect(refusal.message).to.equal('the first frame must be a pulse, this was a hello');
    expect(trial.hub.workers.has('odd')).to.equal(false);
  });
});

const doneOutcome = {
  kind: 'outcome',
  seq: 0,
  re: 0,
  status: 'done',
  payload: new Uint8Array(0),
  codec: '',
} as const;
