// One side of one contestant, hub or client, in a process of its own. The runner tells it over IPC what to do.
import { setTimeout as sleep } from 'node:timers/promises';
import { collections } from './collections.mjs';
import { answer, now, tell } from './commands.mjs';
import { Gaps } from './gaps.mjs';
import { publishAll, publishFor } from './loads/publish.mjs';
import { requestAll, requestFor, requestPaced } from './loads/request.mjs';
import { payloadsOf } from './payloads.mjs';
import { observing } from './profile/observation.mjs';
import { Receiver } from './receiver.mjs';
import { sabotaged, sabotagedReplies } from './sabotage.mjs';

const [role, module] = process.argv.slice(2);
const contestant = await import(module);
/** @type {import('./contestants.mjs').Side} */
let side;
let payloads = payloadsOf(32);
/** @type {number | undefined} */
let aTurn;
const receiver = new Receiver();
let gaps = new Gaps(now, 0);

/** How a handler does its work: at once, in a promise, or slowly. */
const handlers = {
  sync: (payload) => receiver.take(payload),
  promise: async (payload) => receiver.take(payload),
  slow: async (payload) => {
    receiver.take(payload);
    await sleep(5);
  },
};

function use(opened, { handler, sabotage }) {
  // Of those whose every byte is checked; of large ones there are few.
  const victim = payloads[0].length > 65_536 ? 2 : 64;
  side = opened;
  side.receive(sabotaged(handlers[handler], sabotage, victim));
  const { request, send } = side;
  side.request = sabotagedReplies(request && ((payload) => request.call(side, payload)), sabotage, victim);
  side.send = send && ((payload) => send.call(side, payload));
}

answer({
  /** Answers a hub once it listens; a second report, `ready`, follows when the client is there. */
  async open({ address, size, beatMs, ...how }) {
    payloads = payloadsOf(size);
    aTurn = how.aTurn;
    receiver.payloads = payloads;
    if (role === 'client') {
      use(await contestant.open(address, { ...how, beatMs }), how);
      return {};
    }
    gaps = new Gaps(now, beatMs ?? 0);
    const beats =
      beatMs === undefined ? undefined : () => (how.sabotage === 'absent' ? () => {} : gaps.peer());
    const owned = (/** @type {number} */ pid) => tell({ owned: pid });
    const hub = await contestant.open({ ...how, beatMs, beats, owned });
    hub.side.then((opened) => {
      use(opened, how);
      tell({ ready: true });
    });
    return { address: hub.address };
  },
  /** Answers at once; a second report, `received`, follows when all have come, or no more do. */
  expect({ count }) {
    receiver.expect(count).then((result) => tell({ received: true, ...result }));
  },
  /** For a load that ended by the clock: how many there were. */
  total({ count }) {
    receiver.total(count);
  },
  /** What came although nobody expected it. */
  rest: () => ({ extra: receiver.extra }),
  publish: ({ count }) => publishAll(side, payloads, count, aTurn),
  request: ({ count, inFlight, verb }) => requestAll(side, payloads, count, inFlight, verb),
  paced: ({ count, perSecond }) => requestPaced(side, payloads, count, perSecond),
  /** Keeps a load up for that long; says how many messages it sent. */
  async load({ kind, ms, inFlight }) {
    const until = performance.now() + ms;
    if (kind === 'idle') await sleep(ms);
    else if (kind === 'publish') return { sent: await publishFor(side, payloads, until) };
    else return { sent: await requestFor(side, payloads, until, inFlight, kind) };
    return { sent: 0 };
  },
  /** Minor collections of garbage until now, counted from the first time this is asked. */
  collections: async () => ({ collections: await collections() }),
  ...observing(),
  listen: () => gaps.start(),
  heard: () => ({ lateMs: gaps.stop() }),
  close: () => side?.close(),
});
