import { expect } from 'chai';
import { encodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import { handler } from '../../lib/index.js';
import { bytes, number } from '../frame/raw.js';
import { eventually, failure, sleep } from './moment.js';
import { hello, json, message, type RawPeer } from './raw-peer.js';
import { Trial } from './trial.js';

const largest = 2 ** 53 - 1;
const outcome = {
  kind: 'outcome',
  seq: 0,
  re: 0,
  status: 'value',
  payload: new Uint8Array(0),
  codec: '',
} as const;

describe('a strange frame of a worker', () => {
  let handled: unknown[] = [];
  const trial = Trial.suite({
    limits: { maxPayloadBytes: 65_536 },
    lane: { concurrency: 4, capacity: 64 },
    handlers: [
      handler('note', ({ payload }) => void handled.push(payload)),
      handler('slow', () => sleep(30)),
    ],
  });
  let peer: RawPeer;

  beforeEach(async () => {
    handled = [];
    peer = trial.raw();
    await peer.join(hello('odd'));
  });

  const stillServed = async (seq: number) => {
    peer.send(message(seq, 'note', { payload: json('still here') }));
    await peer.outcome(seq);
    expect(handled.at(-1)).to.equal('still here');
    expect(trial.hub.workers.get('odd')?.liveness).to.equal('alive');
  };
  const costsTheLink = async (what: RegExp) => {
    const refusal = await peer.refused();
    expect(refusal).to.include({ code: 'protocol', retryable: false });
    expect(refusal.message).to.match(what);
    const fault = await trial.event('fault', 'odd');
    expect(fault.error).to.have.property('code', 'protocol');
    expect(fault.cause).to.match(what);
    await trial.event('suspect', 'odd');
    await trial.event('lost', 'odd');
  };

  const garbage: Record<string, Uint8Array> = {
    'bytes that are none': Buffer.from([0xff, 0xff, 0xff, 0xff]),
    'a text': Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    'a batch that is cut off': encodeBatch([message(1, 'note', { payload: json('cut') })]).subarray(0, -3),
    'a length beyond its end': Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f]),
    'a beat whose number never ends': Buffer.from(
      bytes(
        1,
        bytes(
          4,
          Array.from({ length: 12 }, () => 0xff),
        ),
      ),
    ),
    'a message whose text is no text': Buffer.from(
      bytes(1, bytes(12, [...number(1, 1), ...bytes(2, [0xff, 0xfe, 0xfd])])),
    ),
  };
  for (const [name, batch] of Object.entries(garbage))
    it(`costs its own link: ${name}`, async () => {
      peer.bytes(batch);
      await Promise.race([
        costsTheLink(/./),
        // Leniently read, it is a message that nobody handles.
        trial
          .event('fault', 'odd')
          .then(({ error }) => expect(error?.code).to.be.oneOf(['protocol', 'unhandled'])),
      ]);
      await trial.servesHealthy('during');
      expect(handled).to.deep.equal([]);
    });

  it('does not repeat the message before it', async () => {
    peer.send(message(1, 'note', { payload: json('once') }));
    await peer.outcome(1);
    peer.bytes(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    await costsTheLink(/./);
    expect(handled).to.deep.equal(['once']);
  });

  it('of a kind that is not known here is told, and passed over', async () => {
    const unknown = Buffer.from(bytes(1, bytes(99, [...number(1, 1)])));
    for (let n = 0; n < 100; n++) peer.bytes(unknown);
    await stillServed(1);
    const told = trial.hubEvents.filter(({ cause }) => /kind that this version does not know/.test(cause));
    expect(told).to.have.length.above(0);
    expect(told[0]?.error).to.have.property('code', 'protocol');
  });

  it('that only the hub may send costs its link: a welcome', async () => {
    const welcome = { ...(peer.frames[0] as Extract<Frame, { kind: 'welcome' }>) };
    peer.send(welcome);
    await costsTheLink(/second welcome/);
  });

  it('that says no costs its link: a refusal', async () => {
    peer.send({
      kind: 'refusal',
      code: 'x',
      message: 'I refuse',
      retryable: false,
      retryAfterMs: 0,
      details: {},
    });
    await peer.gone();
    expect((await trial.event('fault', 'odd')).cause).to.include('I refuse');
  });

  it('in a batch over the limit costs its link', async () => {
    peer.send(message(1, 'note', { payload: new Uint8Array(1024 * 1024) }));
    await peer.gone();
    await trial.event('suspect', 'odd');
    expect((await trial.event('fault', 'odd')).error).to.have.property('code', 'protocol');
  });

  it('after its goodbye changes nothing', async () => {
    peer.send({ kind: 'bye', reason: 'done', seq: 0 }, message(1, 'note', { payload: json('too late') }));
    await trial.event('left', 'odd');
    await peer.gone();
    await sleep(50);
    expect(handled).to.deep.equal([]);
    expect(trial.hub.workers.has('odd')).to.equal(false);
  });

  it('beyond its credit is refused with what was sent within it handled', async () => {
    const { credit } = peer.frames[0] as Extract<Frame, { kind: 'welcome' }>;
    const total = credit.messages + 40;
    const all = Array.from({ length: total }, (_, index) =>
      message(index + 1, 'note', { payload: json(index + 1) }),
    );
    peer.send(...all);
    await peer.outcome(total);
    await eventually('one answer each', () =>
      all.every(({ seq }) => peer.frames.filter((f) => f.kind === 'outcome' && f.re === seq).length === 1),
    );
    const faults = peer.frames.filter((f) => f.kind === 'outcome' && f.fault?.code === 'overflow');
    expect(faults.length).to.be.above(0);
    expect(handled.length + faults.length).to.equal(total);
    expect(trial.events('overflow', 'odd')).to.have.lengthOf(faults.length);
    await sleep(20);
    await stillServed(total + 1);
  });

  it('that was seen before is not handled again', async () => {
    peer.send(message(1, 'note', { payload: json('a') }), message(2, 'note', { payload: json('b') }));
    await peer.outcome(2);
    peer.send(message(1, 'note', { payload: json('a') }), message(2, 'note', { payload: json('b') }));
    await stillServed(3);
    expect(handled).to.deep.equal(['a', 'b', 'still here']);
  });

  it('without a number costs its link', async () => {
    peer.send(message(0, 'note', { payload: json('zero') }));
    await costsTheLink(/without a number/);
    expect(handled).to.deep.equal([]);
  });

  it('that answers what nobody asked changes nothing', async () => {
    peer.send(
      { ...outcome, seq: 1, re: 0 },
      { ...outcome, seq: 2, re: 77 },
      { ...outcome, seq: 3, re: largest },
    );
    const reply = trial.hub.request('odd', 'echo', 1);
    await peer.next('message');
    peer.send({ ...outcome, seq: 4, re: 2, payload: json('wrong') });
    peer.send({ ...outcome, seq: 5, re: 1, payload: json('right') });
    peer.send({ ...outcome, seq: 6, re: 1, payload: json('twice') });
    expect(await reply).to.equal('right');
    await stillServed(7);
  });

  it('that is a reply of no JSON fails the one who asked, and nobody else', async () => {
    const reply = failure(trial.hub.request('odd', 'echo', 1));
    await peer.next('message');
    peer.send({ ...outcome, seq: 1, re: 1, payload: Buffer.from('{') });
    expect(await reply).to.include({ code: 'invalid-payload' });
    await stillServed(2);
  });

  it('that is a fault without a fault is a typed error', async () => {
    const reply = failure(trial.hub.request('odd', 'echo', 1));
    await peer.next('message');
    peer.send({ ...outcome, seq: 1, re: 1, status: 'fault' });
    expect(await reply).to.include({ code: 'protocol' });
  });

  it('that streams where a reply was asked for is a typed error or passed over', async () => {
    const reply = trial.hub.request('odd', 'echo', 1, { timeoutMs: 500 });
    await peer.next('message');
    peer.send({ ...outcome, seq: 1, re: 1, status: 'item', payload: json(1) });
    await Promise.race([reply, failure(reply)]);
    await stillServed(2);
  });

  for (const number of [0, 1, 77, largest])
    it(`with the number ${number} where there is none changes nothing: ack, cancel, pull, credit`, async () => {
      peer.send({ kind: 'ack', seq: number }, { kind: 'cancel', re: number, reason: 'no' });
      peer.send({ kind: 'pull', re: number, items: number }, { kind: 'pull', re: 1, items: largest });
      peer.send({ kind: 'credit', messages: number, bytes: number });
      peer.send({ kind: 'hold', type: `t${number}`, held: true }, { kind: 'hold', type: '', held: false });
      await stillServed(number === 1 || number === 77 ? 2 : 1);
    });

  it('that acknowledges what has not left accepts nothing', async () => {
    peer.close();
    peer = trial.raw();
    await peer.join(hello('stingy', { credit: { messages: 0, bytes: 0 } }));
    const sent = failure(trial.hub.send('stingy', 'echo', 1, { timeoutMs: 300 }));
    await sleep(20);
    peer.send({ kind: 'ack', seq: largest });
    expect(await sent).to.deep.include({ code: 'timeout' });
    expect((await sent).details).to.include({ delivery: 'not-sent' });
  });

  it('that cancels a thousand messages to come stops those and no others', async () => {
    peer.send(
      ...Array.from({ length: 5_000 }, (_, n) => ({ kind: 'cancel', re: n + 10, reason: '' }) as const),
    );
    peer.send(message(10, 'note', { payload: json('cancelled before') }));
    expect((await peer.outcome(10)).fault).to.include({ code: 'cancelled' });
    await stillServed(6_000);
  });

  it('that announces what it likes is believed about itself alone', async () => {
    peer.send({ kind: 'announce', handles: Array.from({ length: 1_000 }, (_, n) => `type.${n}`) });
    await eventually('the news', () => trial.hub.workers.get('odd')?.handles.length === 1_000);
    expect(trial.hub.workers.get('healthy')?.handles).to.deep.equal(['echo']);
  });

  it('that leaves in the name of another ends its own session alone', async () => {
    peer.send({ kind: 'bye', reason: 'healthy', seq: 0 });
    await trial.event('left', 'odd');
    expect(trial.hub.workers.has('healthy')).to.equal(true);
  });

  it('that asks for a sign of life is answered with one that is not queued', async () => {
    const before = peer.frames.filter(({ kind }) => kind === 'beat').length;
    const beat = { kind: 'beat', n: 1, lateMs: 0, inFlight: 0, queued: 0, handled: 0, oldestMs: 0 } as const;
    peer.send(...Array.from({ length: 10_000 }, () => ({ ...beat, probe: true })));
    await eventually('a beat', () => peer.frames.filter(({ kind }) => kind === 'beat').length > before);
    await sleep(100);
    expect(peer.frames.filter(({ kind }) => kind === 'beat').length - before, 'beats').to.be.below(100);
    await stillServed(1);
  });
});
