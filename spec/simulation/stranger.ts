import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import { features } from '../../lib/handshake/profile.js';
import { nobody } from '../hub/bus.js';
import { secret, type World } from './world.js';

const words = { code: '', message: '', retryable: false, retryAfterMs: 0, details: {} };

/** What makes no sense in a session that has just begun; `type` is one that nobody handles. */
const oddities = (type: string): readonly Frame[] => [
  { kind: 'ack', seq: 1_000 },
  { kind: 'cancel', re: 7, reason: 'for nothing' },
  { kind: 'pull', re: 7, items: 1_000_000 },
  { kind: 'credit', messages: 5, bytes: 5 },
  { kind: 'release', held: { messages: 9, bytes: 9 }, kept: { messages: 1, bytes: 1 } },
  { kind: 'hold', type: 'sync', held: true },
  { kind: 'outcome', seq: 1, re: 1, status: 'value', payload: Buffer.from('"mine"'), codec: '' },
  {
    kind: 'message',
    seq: 2,
    type,
    payload: Buffer.from('1'),
    expects: 'reply',
    codec: '',
    timeoutMs: 0,
    attempt: 1,
    id: '',
  },
  { kind: 'refusal', ...words },
];

/** Somebody who is no worker of the fleet: says the wrong word, claims another's id, or makes no sense. */
export class Strangers {
  /** Messages that strangers have sent. */
  sent = 0;
  #count = 0;

  constructor(private readonly world: World) {}

  /** Ends what it began when it is called. */
  next(): () => void {
    const { world } = this;
    const host = `x${++this.#count}`;
    const victim = world.pick(world.workers)?.id ?? 'w0';
    const what = world.pick(['wrong word', 'claim', 'claim', 'odd', 'garbage'] as const);
    world.book.note(`${host}: ${what}${what === 'claim' ? ` ${victim}` : ''}`);
    const link = world.network.transport(host).dial({ address: 'hub', maxBatchBytes: 1e6 }, 'attach');
    const write = (...frames: Frame[]) => link.write(encodeBatch(frames), () => {});
    link.batches$.subscribe({
      next: (batch) => {
        if (what !== 'odd' || decodeBatch(batch).frames[0]?.kind !== 'welcome') return;
        this.sent += 1;
        write(...oddities('nobody does this'));
      },
      error() {},
    });
    const worker = what === 'claim' ? victim : host;
    const over = what === 'claim' ? world.trouble(victim) : () => {};
    if (what === 'garbage') link.write(Buffer.from('this is no batch of frames'), () => {});
    else
      write({
        ...nobody,
        worker,
        protocolMin: 1,
        protocolMax: 1,
        version: '1.0.0',
        incarnation: 'another',
        features,
        credit: { messages: 10, bytes: 10_000 },
        resumeToken: 'not this one',
        received: { seq: 0, messages: 0, bytes: 0 },
        extra: { secret: what === 'wrong word' ? 'another word' : secret },
      });
    return () => {
      write({ kind: 'bye', reason: 'goes', seq: 2 });
      void link.close();
      over();
    };
  }
}
