import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { encodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import { type Opening, open } from '../../lib/session/opening.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import { HandLink } from './link.js';

const hello: Frame = { kind: 'hello', labels: {}, handles: [], features: [], requires: [], extra: {} };
const drain: Frame = { kind: 'drain' };
const cancel = (re: number): Frame => ({ kind: 'cancel', re, reason: '' });

/** A link that is being opened, and what came of it. */
function begin(maxBytes = 1_000, maxBatchBytes = 10_000) {
  const clock = virtualClock();
  const link = new HandLink();
  const unknown: BusError[] = [];
  const onUnknown = (error: BusError) => unknown.push(error);
  const opening = open(link, { clock, timeoutMs: 500, maxBytes, maxBatchBytes, onUnknown });
  opening.catch(() => {});
  return { clock, link, unknown, opening };
}

async function failure(opening: Promise<Opening>): Promise<BusError> {
  try {
    await opening;
  } catch (thrown) {
    if (BusError.is(thrown)) return thrown;
  }
  return expect.fail('it opened');
}

function read(opened: Opening) {
  const seen: (readonly Frame[] | string)[] = [];
  opened.read({
    next: (frames) => seen.push(frames),
    error: (thrown) => seen.push(`error ${BusError.is(thrown) ? thrown.code : thrown}`),
    complete: () => seen.push('complete'),
  });
  return seen;
}

describe('open', () => {
  it('gives the first frame, and then what follows, batch by batch', async () => {
    const { link, opening } = begin();
    link.batches$.next(encodeBatch([hello, cancel(1)]));
    link.batches$.next(encodeBatch([cancel(2), cancel(3)]));
    const opened = await opening;
    expect(opened.first).to.deep.include({ kind: 'hello' });
    const seen = read(opened);
    link.batches$.next(encodeBatch([drain]));
    expect(seen).to.deep.equal([[cancel(1)], [cancel(2), cancel(3)], [drain]]);
  });

  it('waits no longer than it should for the first frame', async () => {
    const { clock, link, opening } = begin();
    await clock.advance(499);
    expect(link.batches$.observed).to.equal(true);
    await clock.advance(1);
    expect(await failure(opening)).to.include({ code: 'handshake-failed' });
    expect(link.batches$.observed).to.equal(false);
  });

  it('leaves no timer behind', async () => {
    const { clock, link, opening } = begin();
    link.batches$.next(encodeBatch([hello]));
    await opening;
    expect(clock.pending).to.equal(0);
  });

  it('does not decode a first batch that is too large', async () => {
    const { link, opening } = begin(20);
    link.batches$.next(encodeBatch([{ ...hello, worker: 'w'.repeat(30) }]));
    expect(await failure(opening)).to.include({ code: 'too-large' });
    expect(link.batches$.observed).to.equal(false);
  });

  it('takes garbage for a broken protocol', async () => {
    const { link, opening } = begin();
    link.batches$.next(Uint8Array.of(0xff, 0xff, 0xff));
    expect(await failure(opening)).to.include({ code: 'protocol' });
  });

  it('skips an empty batch and frames that it does not know, and tells of them', async () => {
    const { link, opening, unknown } = begin();
    link.batches$.next(new Uint8Array(0));
    // Field 1 of the batch: a frame whose field 60 is set.
    link.batches$.next(Uint8Array.of(0x0a, 0x03, 0xe2, 0x03, 0x00));
    link.batches$.next(encodeBatch([hello]));
    expect((await opening).first.kind).to.equal('hello');
    expect(unknown.map(({ code }) => code)).to.deep.equal(['protocol']);
  });

  it('keeps no more of what comes before anybody reads than it may', async () => {
    const { link, opening } = begin(100);
    link.batches$.next(encodeBatch([hello]));
    const opened = await opening;
    const batch = encodeBatch([{ kind: 'announce', handles: ['x'.repeat(40)] }]);
    for (let i = 0; i < 10; i++) link.batches$.next(batch);
    expect(link.batches$.observed).to.equal(false);
    const seen = read(opened);
    expect(seen).to.have.length(3);
    expect(seen.at(-1)).to.equal('error protocol');
  });

  it('fails when the link closes, or breaks, before the first frame', async () => {
    const closed = begin();
    closed.link.batches$.complete();
    expect(await failure(closed.opening)).to.include({ code: 'handshake-failed' });
    const broken = begin();
    broken.link.batches$.error(new BusError('unreachable', 'no'));
    expect(await failure(broken.opening)).to.include({ code: 'unreachable' });
    expect(closed.clock.pending + broken.clock.pending).to.equal(0);
  });

  it('tells a reader that comes late how the link ended, after what it had brought', async () => {
    const { link, opening } = begin();
    link.batches$.next(encodeBatch([hello, drain]));
    link.batches$.complete();
    expect(read(await opening)).to.deep.equal([[drain], 'complete']);
  });

  it('stops reading when it is left', async () => {
    const { link, opening } = begin();
    link.batches$.next(encodeBatch([hello]));
    const opened = await opening;
    const seen = read(opened);
    opened.leave();
    link.batches$.next(encodeBatch([drain]));
    expect([link.batches$.observed, opened.ended, seen]).to.deep.equal([false, true, []]);
  });

  it('reads no batch over its limit, though the link takes it', async () => {
    const { link, opening } = begin(1_000, 50);
    link.batches$.next(encodeBatch([hello]));
    const seen = read(await opening);
    link.batches$.next(encodeBatch([{ kind: 'announce', handles: ['x'.repeat(20)] }]));
    link.batches$.next(encodeBatch([{ kind: 'announce', handles: ['x'.repeat(60)] }]));
    expect(seen).to.deep.equal([[{ kind: 'announce', handles: ['x'.repeat(20)] }], 'error protocol']);
    expect(link.batches$.observed).to.equal(false);
  });

  it('gives an undecodable later batch to the reader as an error', async () => {
    const { link, opening } = begin();
    link.batches$.next(encodeBatch([hello]));
    const seen = read(await opening);
    link.batches$.next(Uint8Array.of(0xff, 0xff, 0xff));
    expect(seen).to.deep.equal(['error protocol']);
  });
});
