import { expect } from 'chai';
import { concat, filter, map, merge, NEVER, Observable, of, Subject, share } from 'rxjs';
import type { Frame, Message, Outcome } from '../../lib/frame/frame.js';
import { split } from '../../lib/lane/split.js';

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
const names = (frames: readonly Frame[]) => frames.map(name);
/** What is told, in order; messages of a batch as one. */
const into = (out: string[]) =>
  split({
    control: (frame) => void out.push(name(frame)),
    outcome: (frame) => void out.push(name(frame)),
    messages: (frames) => void out.push(names(frames).join(', ')),
  });
const all = (batches$: Observable<readonly Frame[]>): string[] => {
  const out: string[] = [];
  batches$.pipe(into(out)).subscribe();
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

  it('subscribes its source once, and ends with it', () => {
    let subscribed = 0;
    let ended = 0;
    const source = new Observable<readonly Frame[]>((subscriber) => {
      subscribed += 1;
      const inner = concat(of([ack, message(1)]), NEVER).subscribe(subscriber);
      return () => {
        ended += 1;
        inner.unsubscribe();
      };
    });
    const subscription = source.pipe(into([])).subscribe();
    expect([subscribed, ended]).to.deep.equal([1, 0]);
    subscription.unsubscribe();
    expect([subscribed, ended]).to.deep.equal([1, 1]);

    let complete = false;
    const batches$ = new Subject<readonly Frame[]>();
    batches$.pipe(into([])).subscribe({ complete: () => (complete = true) });
    batches$.complete();
    expect(complete).to.equal(true);
  });

  it('tells what a branch throws as an error, once, and nothing after it', () => {
    const told: unknown[] = [];
    const broken = new Error('broken');
    const batches$ = new Subject<readonly Frame[]>();
    const naughty = split({
      control: () => {
        throw broken;
      },
      outcome: (frame) => void told.push(name(frame)),
      messages: (frames) => void told.push(names(frames)),
    });
    batches$.pipe(naughty).subscribe({ error: (thrown) => told.push(thrown) });
    batches$.next([message(1), ack, outcome(2)]);
    batches$.next([message(3)]);
    expect(told).to.deep.equal([broken]);
  });

  it('gives no later kind of frame to who unsubscribes in the middle of a batch', () => {
    const told: string[] = [];
    const batches$ = new Subject<readonly Frame[]>();
    const subscription = batches$
      .pipe(
        split({
          control: (frame) => {
            told.push(name(frame));
            subscription.unsubscribe();
          },
          outcome: (frame) => void told.push(name(frame)),
          messages: (frames) => void told.push(...names(frames)),
        }),
      )
      .subscribe();
    batches$.next([message(1), ack, outcome(2), bye]);
    expect(told).to.deep.equal(['ack 1']);
  });
});
