import { expect } from 'chai';
import { filter, map, merge, Observable, of, Subject, share } from 'rxjs';
import type { Frame, Message, Outcome } from '../../lib/frame/frame.js';
import { type Branches, type Delivery, split } from '../../lib/lane/split.js';

const message = (seq: number): Message => ({
  kind: 'message',
  seq,
  type: 'job',
  payload: new Uint8Array(0),
  expects: 'nothing',
  codec: '',
  timeoutMs: 0,
  attempt: 1,
  id: '',
});
const outcome = (seq: number): Outcome => ({
  kind: 'outcome',
  seq,
  re: seq,
  status: 'done',
  payload: new Uint8Array(0),
  codec: '',
});
const ack: Frame = { kind: 'ack', seq: 1 };
const cancel: Frame = { kind: 'cancel', re: 1, reason: '' };
const bye: Frame = { kind: 'bye', reason: '', seq: 9 };

const name = (frame: Frame) => ('seq' in frame ? `${frame.kind} ${frame.seq}` : frame.kind);
const asTheyAre = split(({ frames }: Delivery) => frames);
const names = (frames: readonly Frame[]) => frames.map(name);
/** What is told, in order; messages of a batch as one. */
const all = (batches$: Observable<readonly Frame[]>): string[] => {
  const out: string[] = [];
  const to = {
    over: false,
    control: (frame: Frame) => void out.push(name(frame)),
    outcome: (frame: Frame) => void out.push(name(frame)),
    messages: (frames: readonly Frame[]) => void out.push(names(frames).join(', ')),
    broken: (thrown: unknown) => void out.push(String(thrown)),
  };
  batches$
    .pipe(
      map((frames) => ({ frames, to })),
      asTheyAre,
    )
    .subscribe();
  return out;
};

describe('split', () => {
  it('passes control frames first, then outcomes, then messages, each in its order, and nothing empty', () => {
    const batch = [message(1), outcome(2), cancel, message(3), ack, outcome(4)];
    expect(all(of(batch, [], [message(5)]))).to.deep.equal([
      'cancel',
      'ack 1',
      'outcome 2',
      'outcome 4',
      'message 1, message 3',
      'message 5',
    ]);
  });

  it('leaves a bye behind the data of its batch', () => {
    expect(all(of([bye, message(1), ack]))).to.deep.equal(['ack 1', 'message 1', 'bye 9']);
  });

  it('loses nothing of a source that emits at once, where share does', () => {
    const batches$ = of<readonly Frame[][]>([message(1), ack], [message(2), ack]);
    expect(all(batches$)).to.deep.equal(['ack 1', 'message 1', 'ack 1', 'message 2']);

    let subscribed = 0;
    const counted$ = new Observable<readonly Frame[]>((subscriber) => {
      subscribed += 1;
      return batches$.subscribe(subscriber);
    });
    const shared$ = counted$.pipe(share());
    const only = (kind: Frame['kind']) =>
      shared$.pipe(
        map((batch) => batch.filter((frame) => frame.kind === kind)),
        filter((frames) => frames.length > 0),
        map(names),
      );
    const naive: string[][] = [];
    merge(only('ack'), only('message')).subscribe((part) => naive.push(part));
    expect(subscribed).to.equal(2);
    expect(naive).to.deep.equal([['ack 1'], ['ack 1'], ['message 1'], ['message 2']]);
  });

  it('passes nothing on once it is over, in the middle of a batch neither', () => {
    const told: string[] = [];
    const to = {
      over: false,
      control(frame: Frame) {
        told.push(name(frame));
        this.over = told.length === 3;
      },
      outcome: (frame: Frame) => void told.push(name(frame)),
      messages: (frames: readonly Frame[]) => void told.push(...names(frames)),
      broken: (thrown: unknown) => void told.push(String(thrown)),
    };
    const batches = [
      [message(1), ack],
      [cancel, ack, outcome(2), message(3), bye],
    ];
    of(...batches.map((frames) => ({ frames, to })))
      .pipe(asTheyAre)
      .subscribe();
    expect(told).to.deep.equal(['ack 1', 'message 1', 'cancel']);
  });

  it('passes nothing on when it is over before a frame was told, whatever the batch holds', () => {
    const told: string[] = [];
    const tell = (frame: Frame) => void told.push(name(frame));
    const beat: Frame = {
      ...{ kind: 'beat', n: 1, lateMs: 0, inFlight: 0, queued: 0, handled: 0, oldestMs: 0, probe: false },
    };
    for (const frames of [[beat], [message(1)], [message(2), ack]]) {
      const to = {
        over: false,
        control: tell,
        outcome: tell,
        messages: () => told.push('messages'),
        broken() {},
      };
      const ending = split((delivery: Delivery<typeof to>) => {
        delivery.to.over = true;
        return delivery.frames;
      });
      of({ frames, to }).pipe(ending).subscribe();
    }
    expect(told).to.deep.equal([]);
  });

  it('tells the branches of a batch what one of them throws, leaves the rest of it out, and goes on with the next', () => {
    const told: string[] = [];
    const to: Branches = {
      over: false,
      control() {
        throw new Error('broken');
      },
      outcome: (frame) => void told.push(name(frame)),
      messages: (frames) => void told.push(...names(frames)),
      broken: (thrown) => void told.push(String(thrown)),
    };
    const frames$ = new Subject<Delivery>();
    frames$.pipe(asTheyAre).subscribe();
    frames$.next({ frames: [message(1), ack, outcome(2)], to });
    frames$.next({ frames: [message(3)], to });
    expect(told).to.deep.equal(['Error: broken', 'message 3']);
  });

  it('subscribes its source once, and ends with it', () => {
    const frames$ = new Subject<Delivery>();
    let ended = false;
    const subscription = frames$.pipe(asTheyAre).subscribe({ complete: () => (ended = true) });
    expect(frames$.observed).to.equal(true);
    subscription.unsubscribe();
    expect(frames$.observed).to.equal(false);
    frames$.pipe(asTheyAre).subscribe({ complete: () => (ended = true) });
    frames$.complete();
    expect(ended).to.equal(true);
  });
});
