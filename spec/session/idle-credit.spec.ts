import { expect } from 'chai';
import { Subject } from 'rxjs';
import { decodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import { handler } from '../../lib/handler/registration.js';
import { Handlers } from '../../lib/handler/registry.js';
import { Dispatch } from '../../lib/session/dispatch.js';
import { quietLog } from '../../lib/session/option.js';
import { Publish } from '../../lib/session/publish.js';
import { Session } from '../../lib/session/session.js';
import type { SessionHost } from '../../lib/session/terms.js';
import { type VirtualClock, virtualClock } from '../../lib/testing/virtual-clock.js';

const timing = { intervalMs: 100, suspectAfterMs: 300, lostAfterMs: 1_000, stalledAfterMs: 300 };
const outbox = { capacity: 10_000, capacityBytes: 1e9, maxWaiting: 0 };
const deaf: SessionHost = {
  graded() {},
  detached() {},
  ended() {},
  beat() {},
  announced() {},
  draining() {},
  lagged() {},
  fenced() {},
  undelivered() {},
};

function dispatch(clock: VirtualClock): Dispatch {
  const handlers = new Handlers();
  handlers.add(handler('note', () => {}));
  const lane = { concurrency: 64, capacity: 16_384, capacityBytes: 64 * 1024 * 1024 };
  const session = () => ({ of: () => expect.fail('there are no services here'), dispose: async () => {} });
  return new Dispatch({ clock, lane, handlers, log: quietLog, exposeStacks: false, session, emit() {} });
}

/** A sender and a receiver, joined without a network: what one writes the other reads a turn later. */
function pair(clock: VirtualClock) {
  const receiving = dispatch(clock);
  const sender = new Session({
    role: 'worker',
    name: 'the hub',
    clock,
    dispatch: dispatch(clock),
    outbox,
    host: deaf,
  });
  const receiver = new Session({
    role: 'hub',
    name: "worker 'w'",
    clock,
    dispatch: receiving,
    outbox,
    host: deaf,
  });
  const toSender = new Subject<readonly Frame[]>();
  const toReceiver = new Subject<readonly Frame[]>();
  const attach = (
    session: Session,
    to: Subject<readonly Frame[]>,
    from: Subject<readonly Frame[]>,
    other: Session,
  ) =>
    session.attach(
      {
        link: {
          peer: { address: 'there' },
          batches$: new Subject(),
          write: (batch, done) =>
            clock.soon(() => {
              to.next(decodeBatch(batch).frames);
              done();
            }),
          close: async () => {},
          abort() {},
        },
        first: { kind: 'drain' },
        ended: false,
        read: (reader) => void from.subscribe(reader),
        leave() {},
      },
      {
        epoch: '1',
        from: { id: 'there', epoch: '1', labels: {}, identity: undefined },
        timing,
        resumed: undefined,
        credit: other.grant(),
        maxPayloadBytes: 1e6,
        maxUnanswered: Number.POSITIVE_INFINITY,
        credited: true,
      },
    );
  attach(sender, toReceiver, toSender, receiver);
  attach(receiver, toSender, toReceiver, sender);
  sender.read();
  receiver.read();
  return { sender, receiver, lane: receiving.lane };
}

describe('Credit of a session that sends nothing', () => {
  const note = (bytes: number) =>
    new Publish({ type: 'note', payload: new Uint8Array(bytes), codec: 'bytes' }, undefined);

  it('goes back to the lane but for one message, and comes again with the next burst', async () => {
    const clock = virtualClock();
    const { sender, receiver, lane } = pair(clock);
    const burst = async () => {
      for (let n = 0; n < 4_000; n += 1) sender.outbound.publish(note(100), 'drop-newest');
      await clock.advance(50);
    };

    await burst();
    expect(receiver.received.messages).to.equal(4_000);
    expect(lane.reserved.messages, 'what a busy session holds').to.be.above(1_000);
    await clock.advance(4 * timing.intervalMs);
    expect(lane.reserved.messages, 'what an idle one holds').to.equal(1);
    await burst();
    expect(receiver.received.messages).to.equal(8_000);
    sender.end('closed');
    receiver.end('closed');
  });
});
