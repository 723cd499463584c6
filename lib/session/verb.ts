import { BusError, textOf } from '../errors/bus-error.js';
import type { CallOptions, Published, PublishOptions } from '../handler/call-option.js';
import { decodeReply } from '../handler/decode-reply.js';
import type { Clock } from '../time/clock.js';
import { begin, faultError } from './calling.js';
import { type Attempt, draft, type Encoded } from './draft.js';
import { known, type Names } from './known.js';
import type { Session } from './session.js';

const names: Names<PublishOptions> = { headers: true, overflow: true };

/** `send` and `request` have this form, so that `any()` can try either elsewhere. */
export type Verb<T> = (
  session: Session,
  clock: Clock,
  encoded: Encoded,
  deadlineAt: number,
  options: CallOptions,
  attempt?: Attempt,
) => Promise<T>;

/** One payload, encoded once, to each of the peers. */
export function publishTo(
  sessions: readonly Session[],
  encoded: Encoded,
  options: PublishOptions,
): Published {
  known('publish', options, names);
  const { headers, overflow = 'drop-newest' } = options;
  if (overflow !== 'drop-newest' && overflow !== 'drop-oldest')
    throw new BusError(
      'invalid-option',
      `overflow of a publish is 'drop-newest' or 'drop-oldest', not ${textOf(overflow)}`,
    );
  const message = draft(encoded, 'nothing', 0, headers);
  let queued = 0;
  let dropped = 0;
  for (const session of sessions) {
    const result = session.outbound.publish(message, overflow);
    if (result !== 'dropped') queued += 1;
    if (result !== 'queued') dropped += 1;
  }
  return { queued, dropped };
}

/** Resolves when the peer has accepted the message. */
export const send: Verb<void> = (session, clock, encoded, deadlineAt, options, attempt) =>
  new Promise((resolve, reject) => {
    const message = draft(encoded, 'acceptance', 0, options.headers, attempt);
    begin(session, clock, message, deadlineAt, options, (end) => ({
      accepted: () => end(resolve),
      outcome: (outcome) => {
        end(() => (outcome.status === 'fault' ? reject(faultError(session, encoded, outcome)) : resolve()));
        return true;
      },
      failed: (error) => end(() => reject(error)),
      undelivered: (error) => session.undelivered(encoded.type, error),
    }));
  });

/** Resolves with the reply. */
export const request: Verb<unknown> = (session, clock, encoded, deadlineAt, options, attempt) =>
  new Promise((resolve, reject) => {
    const message = draft(encoded, 'reply', deadlineAt, options.headers, attempt);
    begin(session, clock, message, deadlineAt, options, (end) => ({
      accepted() {},
      outcome(outcome) {
        end(() => {
          if (outcome.status === 'fault') return reject(faultError(session, encoded, outcome));
          try {
            resolve(decodeReply(encoded.contract, outcome, encoded.codecs));
          } catch (thrown) {
            reject(thrown);
          }
        });
        return true;
      },
      failed: (error) => end(() => reject(error)),
      undelivered() {},
    }));
  });
