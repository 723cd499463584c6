import { BusError } from '../../errors/bus-error.js';
import type { Clock } from '../../time/clock.js';
import type { CallKind, DialOptions, Link } from '../link.js';
import { LinkEnd } from './link-end.js';
import type { Routes } from './routes.js';

/** How long a dialled link may go without an answer, in milliseconds; as over gRPC. */
const connectWithinMs = 5000;

/** A name that is listened on, and the ends of the links that it has accepted. */
export interface Listening {
  readonly host: string;
  readonly maxBatchBytes: number;
  readonly ends: Set<LinkEnd>;
  accept(link: Link, kind: CallKind): void;
  /** Called as the last of the ends ends. */
  emptied(): void;
}

/** What a link needs to know of the network that it runs through. */
export interface Surroundings {
  readonly clock: Clock;
  readonly routes: Routes;
  readonly listening: ReadonlyMap<string, Listening>;
}

/** Both ends of one link; the far one is there once the dial has reached a listener. */
export interface DialledPair {
  readonly from: string;
  readonly to: string;
  readonly near: LinkEnd;
  far?: LinkEnd;
  /** Breaks both ends, each after the latency of its way. */
  cut(): void;
}

/** Dials: the `open` travels first, and what is written meanwhile follows it. `ended` is called as either end ends. */
export function dialPair(
  { clock, routes, listening }: Surroundings,
  from: string,
  { address, maxBatchBytes }: DialOptions,
  kind: CallKind,
  ended: (pair: DialledPair) => void,
): DialledPair {
  const to = listening.get(address)?.host ?? address;
  let answered = false;

  const unreachable = (why: string) =>
    new BusError('unreachable', `cannot reach ${address}: ${why}`, { details: { address } });
  const lost = (peer: string) =>
    new BusError('peer-lost', `${peer} broke the link`, { details: { address: peer } });
  const brokenNear = () =>
    answered ? lost(address) : unreachable('the connection broke before it answered');

  const near = new LinkEnd({
    clock,
    peer: { address },
    maxBatchBytes,
    route: routes.route(from, to),
    deliver: (item) => (item === 'open' ? arrive() : pair.far?.receive(item)),
    read: (bytes) => pair.far?.read(bytes),
    ended() {
      cancelDeadline();
      ended(pair);
    },
  });
  const pair: DialledPair = {
    from,
    to,
    near,
    cut() {
      near.cut(brokenNear);
      pair.far?.cut(() => lost(from));
    },
  };
  const cancelDeadline = clock.after(connectWithinMs, () =>
    near.fail(unreachable(`no answer within ${connectWithinMs} ms`)),
  );

  const arrive = () => {
    const listener = listening.get(address);
    const far = new LinkEnd({
      clock,
      peer: { address: from },
      maxBatchBytes: listener?.maxBatchBytes ?? 0,
      route: routes.route(to, from),
      deliver(item) {
        if (item === 'answer') {
          answered = true;
          cancelDeadline();
        } else if (item === 'refused') near.fail(unreachable('nothing listens there'));
        else if (item === 'reset') near.fail(brokenNear());
        else near.receive(item);
      },
      read: (bytes) => near.read(bytes),
      ended() {
        if (listener?.ends.delete(far) && listener.ends.size === 0) listener.emptied();
        ended(pair);
      },
    });
    if (listener === undefined) return far.signal('refused');
    pair.far = far;
    listener.ends.add(far);
    far.signal('answer');
    listener.accept(far, kind);
  };

  near.signal('open');
  return pair;
}
