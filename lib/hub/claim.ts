import { BusError } from '../errors/bus-error.js';
import type { Hello } from '../frame/frame.js';
import type { Identity } from '../handshake/negotiate.js';
import { sameToken } from './admission.js';
import type { Member } from './member.js';

/** Longest worker id in characters. */
const maxIdLength = 255;

/** Throws `protocol` for an id that cannot be one. */
export function checkId(id: string): string {
  if (id.length <= maxIdLength && !/[\p{Cc}\p{Cs}]/u.test(id)) return id;
  throw new BusError('protocol', `a worker id has 1 to ${maxIdLength} characters and no control characters`);
}

/** Whether a greeting goes on with the session that this worker has: the same identity, and it knows the secret. */
export const resumes = (
  { session, token, incarnation, agreement, identity }: Member,
  hello: Hello,
  claimed: Identity | undefined,
): boolean =>
  session.state.name !== 'ended' &&
  agreement.features.includes('resume') &&
  hello.resumeToken !== undefined &&
  hello.incarnation === incarnation &&
  claimed?.subject === identity?.subject &&
  hello.received !== undefined &&
  hello.received.seq <= session.outbox.lastSeq &&
  sameToken(hello.resumeToken, token);

/** With authentication on, only the same identity may claim an id, a lost worker's too. Throws `unauthenticated`. */
export function checkIdentity(before: Member, identity: Identity | undefined): void {
  if (before.identity?.subject !== identity?.subject)
    throw new BusError(
      'unauthenticated',
      `worker id '${before.id}' belongs to another identity: choose another id`,
    );
}

/**
 * Makes way for a newcomer with the id of `before`. Only the same identity may; a peer whose link is closed, or that
 * does not answer a probe, makes way; one that answers or whose pulse beats keeps its id, and the newcomer gets `id-in-use`.
 */
export async function vacate(before: Member, { incarnation }: Hello, waitMs: number): Promise<void> {
  const { session } = before;
  if (session.state.name === 'ended') return;
  // The pulse of the newcomer's own process says nothing against it.
  const pulseCounts = session.pulsing && (incarnation === undefined || incarnation !== before.incarnation);
  if ((session.state.name === 'attached' || pulseCounts) && (await session.answers(waitMs, pulseCounts)))
    throw new BusError(
      'id-in-use',
      `worker id '${before.id}' is in use by a live worker (epoch ${before.epoch}): choose another, or stop that one`,
      { details: { worker: before.id } },
    );
  session.end('superseded');
}
