import { tap } from 'rxjs';
import { decodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import type { Link, Transport } from '../../lib/transport/link.js';

/** Whether a frame is a part of a large payload. */
export const isPart = (frame: Frame): boolean =>
  frame.kind === 'chunk' ||
  ((frame.kind === 'message' || frame.kind === 'outcome') && frame.size !== undefined);

/** A hub's transport that tells every batch: `in` as the hub reads it, `out` as it writes it. */
export class Tap {
  /** Every frame of every link, in order. */
  readonly frames: { readonly way: 'in' | 'out'; readonly frame: Frame }[] = [];
  /** Parts in the fullest batch. */
  mostParts = 0;
  /** Told after each batch. */
  each: (way: 'in' | 'out', frames: readonly Frame[]) => void = () => {};

  parts(way: 'in' | 'out'): number {
    return this.frames.filter((each) => each.way === way && isPart(each.frame)).length;
  }

  transport(base: Transport): Transport {
    return {
      listen: (options, accept) => base.listen(options, (link, call) => accept(this.#link(link), call)),
      dial: (options, call) => base.dial(options, call),
    };
  }

  #link(link: Link): Link {
    return {
      peer: link.peer,
      batches$: link.batches$.pipe(tap((batch) => this.#note('in', batch))),
      write: (batch, done) => {
        link.write(batch, done);
        this.#note('out', batch);
      },
      close: () => link.close(),
      abort: () => link.abort(),
    };
  }

  #note(way: 'in' | 'out', batch: Uint8Array): void {
    const { frames } = decodeBatch(batch.slice());
    for (const frame of frames) this.frames.push({ way, frame });
    this.mostParts = Math.max(this.mostParts, frames.filter(isPart).length);
    this.each(way, frames);
  }
}
