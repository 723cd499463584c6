import type { Observable } from 'rxjs';
import type { Frame, Received } from '../frame/frame.js';
import { type Branches, type Delivery, split } from '../lane/split.js';
import { fresh } from './numbering.js';

/**
 * The stations of a session's frames. None calls back an earlier one, and what one throws costs the session its link.
 * Behind `messages`, the admission door, the lane takes over, with `mergeMap` inside.
 */
export interface Stations extends Branches {
  /** What was received so far. */
  readonly received: Received;
  /** Once per batch of the link, before its frames are handled; `duplicates` of them had come before and are left out. */
  receive(received: Received, duplicates: number): void;
}

/** Frames that came together over a link, where they are numbered, or over a pulse, where they are not. */
export interface Arriving extends Delivery<Stations> {
  readonly numbered: boolean;
}

/**
 * The way of all frames of a session, from its links and its pulse: numbered, split, control first, outcomes past the
 * door, messages to the lane.
 */
export const pipeline = (frames$: Observable<Arriving>): Observable<never> => frames$.pipe(split(unseen));

/** What had not come before. */
function unseen({ frames, to, numbered }: Arriving): readonly Frame[] {
  if (!numbered) return frames;
  const step = fresh(frames, to.received);
  to.receive(step.received, step.duplicates);
  return step.frames;
}
