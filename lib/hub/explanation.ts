import { isLiving } from '../session/step.js';
import { timestamp } from '../time/clock.js';
import { holdersInFull, seconds } from './blame.js';
import type { Transition } from './event.js';
import type { Member } from './member.js';

/** A link or a pulse, as it is now. */
export interface Way {
  readonly open: boolean;
  /** How long it has brought nothing, in milliseconds. */
  readonly silentMs: number;
}

/** The story of a worker's liveness. */
export interface Explanation {
  readonly worker: string;
  readonly liveness: Transition['to'];
  /** Who holds its event loop, as in `WorkerInfo`. */
  readonly stalledBy: string | undefined;
  /** Its link; undefined once its session is over. */
  readonly link: Way | undefined;
  /** Its pulse; undefined where it has had none, and once its session is over. */
  readonly pulse: Way | undefined;
  /** How it stands now, in a line or two; then one sentence for each change, oldest first. */
  readonly text: string;
  /** The last 64 changes, oldest first. */
  readonly transitions: readonly Transition[];
}

/** `now` is the clock's. */
export function explain(
  { id, liveness, stalledBy, history, session: { state } }: Member,
  now: number,
): Explanation {
  const living = isLiving(state) ? state : undefined;
  const link = living && { open: living.name === 'attached', silentMs: now - living.linkAt };
  const pulse = living?.pulse && { open: living.pulse.open, silentMs: now - living.pulse.heardAt };
  const stall = living?.verdict.grade === 'stalled' ? living.verdict.stall : undefined;
  const why = stall
    ? `: ${holdersInFull(stall.by)} has held the event loop for ${seconds(now - stall.since)}`
    : '';
  const ways = link ? [`${way('link', link)} ${pulse ? way('pulse', pulse) : 'It has no pulse.'}`] : [];
  const changes = history.map((change, at) => told(change, history[at - 1]));
  return {
    worker: id,
    liveness,
    stalledBy,
    link,
    pulse,
    text: [`worker '${id}' is ${liveness}${why}.`, ...ways, ...changes].join('\n'),
    transitions: history,
  };
}

const way = (name: string, { open, silentMs }: Way): string =>
  `Its ${name} is ${open ? 'open' : 'closed'}, and brought something ${seconds(silentMs)} ago.`;

function told(change: Transition, before: Transition | undefined): string {
  const { to, cause, at, beforeMs, epoch } = change;
  const label = to === 'stalled' ? '' : ` (${cause})`;
  const after = before ? ` after ${seconds(beforeMs)} as ${before.to}` : '';
  const why = reason(change);
  return (
    `${timestamp(at)} became ${to}${label}${after}${why === '' ? '' : `: ${why}`}` +
    `${before?.epoch === epoch ? '' : `, epoch ${epoch}`}.`
  );
}

/** What led to it, where a cause has more to it than its word. */
function reason({ to, cause, silentMs, linkSilentMs, stillMs, by }: Transition): string {
  if (to === 'stalled') return cause;
  if (cause === 'ticking') return `${holdersInFull(by)} had held the event loop for ${seconds(stillMs)}`;
  if (cause === 'stalled')
    return `${holdersInFull(by)} has held the event loop for ${seconds(stillMs)}, which is over the limit`;
  if (cause === 'link') return `its link brought nothing for ${seconds(linkSilentMs)}, while its pulse beat`;
  if (cause === 'attached') return `its link had brought nothing for ${seconds(linkSilentMs)}`;
  if (to === 'suspect' || cause === 'lost') return `nothing was heard of it for ${seconds(silentMs)}`;
  return cause === 'heard' ? `nothing had been heard of it for ${seconds(silentMs)}` : '';
}
