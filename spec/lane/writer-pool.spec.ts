import { expect } from 'chai';
import { BatchWriter, decodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import { Outbox } from '../../lib/lane/outbox.js';
import { WriterPool } from '../../lib/lane/writer-pool.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import { message } from './post.js';

/** Outboxes that share their writers, and what each has written. */
function outboxes(unwritable: () => void = () => {}) {
  let made = 0;
  const writers = new WriterPool(() => {
    made += 1;
    return new BatchWriter();
  });
  const clock = virtualClock();
  const one = () => {
    const options = { clock, writers, capacity: 9, capacityBytes: 1e6, maxWaiting: 9, maxBatchBytes: 16_000 };
    const box = new Outbox(options, { ack: () => undefined, left: () => {}, unwritable });
    const written: Frame[][] = [];
    box.attach({
      write(batch, done) {
        written.push(decodeBatch(batch).frames);
        clock.soon(() => done());
      },
    });
    box.allow({ messages: 9, bytes: 1e6 });
    return { box, written };
  };
  return { clock, one, made: () => made };
}

const drain: Frame = { kind: 'drain' };

describe('Writers that outboxes share', () => {
  it('are as few as make batches at once', async () => {
    const { clock, one, made } = outboxes();
    const all = Array.from({ length: 50 }, one);
    for (const { box } of all) box.control(drain);
    await clock.settle();
    for (const { written } of all) expect(written).to.deep.equal([[drain]]);
    expect(made()).to.equal(1);
  });

  it('keep apart what one writes while another makes its batch', async () => {
    const { clock, one, made } = outboxes(() => {
      other.box.control(drain);
      other.box.flush();
    });
    const [broken, other] = [one(), one()];
    const unwritable = message('odd');
    Object.defineProperty(unwritable.frame, 'codec', { value: Symbol('no text') });
    broken.box.offer(unwritable, 'wait');
    broken.box.offer(message('fine'), 'wait');
    await clock.settle();
    expect(other.written).to.deep.equal([[drain]]);
    expect(broken.written.flat().map((frame) => frame.kind === 'message' && frame.id)).to.deep.equal([
      'fine',
    ]);
    expect(made()).to.equal(2);
  });

  it('write nothing over a link that was let go of while a batch was made', async () => {
    const { clock, one } = outboxes(() => broken.box.detach());
    const broken = one();
    const unwritable = message('odd');
    Object.defineProperty(unwritable.frame, 'codec', { value: Symbol('no text') });
    broken.box.offer(unwritable, 'wait');
    broken.box.offer(message('fine'), 'wait');
    await clock.settle();
    expect(broken.written).to.deep.equal([]);
  });
});
