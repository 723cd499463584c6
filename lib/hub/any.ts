import { randomUUID } from 'node:crypto';
import { Observable } from 'rxjs';
import { BusError } from '../errors/bus-error.js';
import type { CallOptions } from '../handler/call-option.js';
import { type AnyTarget, type Labels, matches } from '../handler/target.js';
import type { Attempt, Encoded } from '../session/draft.js';
import { isGone } from '../session/refusal.js';
import { stream } from '../session/stream.js';
import type { Clock } from '../time/clock.js';
import type { Line } from './line.js';
import type { Member } from './member.js';
import type { Roster } from './roster.js';

/** How often a call through `any()` is tried in all. */
export const maxAttempts = 3;

/** What calls through `any()` are made with. */
export interface Choice {
  readonly roster: Roster;
  readonly line: Line;
  readonly clock: Clock;
}

/** Waits for a worker that fits; rejects with `no-worker` at the deadline, and with `overflow` where too many wait. */
export function choose(
  { roster, line, clock }: Choice,
  { labels }: AnyTarget,
  { type, payload }: Encoded,
  deadlineAt: number,
  signal: AbortSignal | undefined,
  except: ReadonlySet<string> = new Set(),
): Promise<Member> {
  const find = () => roster.any(labels, type, except);
  const come = () =>
    roster.until(
      find,
      deadlineAt - clock.now(),
      () =>
        new BusError('no-worker', noWorker(roster, labels, type), {
          details: { type, labels, delivery: 'not-sent' },
        }),
      signal,
    );
  const found = roster.closed ? undefined : find();
  return found ? Promise.resolve(found) : line.wait(type, payload.length, come);
}

/** Runs a call on a worker that fits; on another one if that is lost or drains, at most `maxAttempts` times in all. */
export async function anywhere<T>(
  choice: Choice,
  target: AnyTarget,
  encoded: Encoded,
  deadlineAt: number,
  { signal }: CallOptions,
  call: (member: Member, attempt: Attempt) => Promise<T>,
): Promise<T> {
  const id = randomUUID();
  const tried = new Set<string>();
  let lost: BusError | undefined;
  for (let attempt = 1; ; attempt++) {
    const member = await choose(choice, target, encoded, deadlineAt, signal, tried).catch((thrown) => {
      throw lost && BusError.is(thrown, 'no-worker') ? triedInVain(thrown, lost) : thrown;
    });
    try {
      return await call(member, { attempt, id });
    } catch (thrown) {
      if (attempt === maxAttempts || !elsewhere(thrown, member)) throw thrown;
      tried.add(member.epoch);
      if (thrown.details.delivery === 'unknown') lost = thrown;
    }
  }
}

/** No other worker came after one was lost that may have handled it. */
const triedInVain = ({ message, details }: BusError, lost: BusError) =>
  new BusError('no-worker', `${message}; before that, ${lost.message}`, {
    details: { ...details, delivery: 'unknown' },
    cause: lost,
  });

/** A stream from a worker that fits, chosen at each subscription; the wait for one counts, and ends with the subscriber. */
export const streamAnywhere = (
  choice: Choice,
  target: AnyTarget,
  encoded: Encoded,
  options: CallOptions,
  deadlineAt: number,
) =>
  new Observable<unknown>((subscriber) => {
    const left = new AbortController();
    const signal = options.signal ? AbortSignal.any([options.signal, left.signal]) : left.signal;
    choose(choice, target, encoded, deadlineAt, signal).then(
      ({ session }) =>
        subscriber.add(stream(session, choice.clock, encoded, options, deadlineAt).subscribe(subscriber)),
      (error) => subscriber.error(error),
    );
    return () => left.abort();
  });

/**
 * Whether another worker may do better: this one is gone, or drains. It said so before it refused anything; from one that
 * did not, it is the word of a handler, which asked somebody who drains.
 */
const elsewhere = (thrown: unknown, { liveness }: Member): thrown is BusError =>
  isGone(thrown) || (BusError.is(thrown, 'draining') && liveness !== 'alive' && liveness !== 'stalled');

/** Who there was, and why none would do. */
function noWorker(roster: Roster, labels: Labels, type: string): string {
  const live = [...roster.members.values()].filter(({ liveness }) => liveness === 'alive');
  const labelled = live.filter((member) => matches(member.labels, labels));
  const handling = labelled.filter(({ handles }) => handles.includes(type));
  const wanted = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  const having = wanted.length > 0 ? `, ${labelled.length} with ${wanted.join(', ')}` : '';
  const room = handling.length > 0 ? ', none of which had room' : '';
  return `no worker for '${type}' in time: ${live.length} are alive${having}, ${handling.length} handle it${room}`;
}
