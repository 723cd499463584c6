import { filter, map } from 'rxjs';
import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import type { Link } from '../../lib/transport/link.js';

/** What is put under the bus: a fault, or a peer that is older than it says. */
export type LinkFault = (link: Link, host: string) => Link;

/** Changes what arrives, or what leaves. */
export type Change = (frames: readonly Frame[]) => readonly Frame[];

/** One after the other. */
export const through =
  (...faults: readonly (LinkFault | undefined)[]): LinkFault =>
  (link, host) =>
    faults.reduce((changed, fault) => fault?.(changed, host) ?? changed, link);

/** Changes what arrives on each link; each link gets a change of its own. */
export const arriving =
  (make: (host: string) => Change): LinkFault =>
  (link, host) => {
    const change = make(host);
    const batches$ = link.batches$.pipe(
      map((batch) => change(decodeBatch(batch).frames)),
      filter((frames) => frames.length > 0),
      map((frames) => encodeBatch(frames)),
    );
    return { ...linked(link), batches$ };
  };

/** A worker that names no protocol and no features, and never comes back into a session. */
export const baseline: LinkFault = (link) => {
  let greeted = false;
  return {
    ...linked(link),
    write(batch, done) {
      if (greeted) return link.write(batch, done);
      greeted = true;
      const [hello] = decodeBatch(batch).frames;
      if (hello?.kind !== 'hello') return link.write(batch, done);
      const { worker = '', incarnation = '', version = '', handles, labels, requires, extra } = hello;
      const plain = {
        kind: 'hello',
        worker,
        incarnation,
        version,
        handles,
        labels,
        requires,
        extra,
      } as const;
      link.write(encodeBatch([{ ...plain, features: [] }]), done);
    },
  };
};

const linked = (link: Link): Link => ({
  get peer() {
    return link.peer;
  },
  batches$: link.batches$,
  write: link.write.bind(link),
  close: link.close.bind(link),
  abort: link.abort.bind(link),
});
