import { map, merge, type Observable } from 'rxjs';
import type { Frame, Received } from '../frame/frame.js';
import { type Branches, split } from '../lane/split.js';
import { fresh } from './numbering.js';

/**
 * The stations of a session's frames. None may throw, and none calls back an earlier one. Behind `messages`, the admission
 * door, the lane takes over, with `mergeMap` inside.
 */
export interface Stations extends Branches {
  /** What was received so far. */
  received(): Received;
  /** Once per batch of the link, before its frames are handled; `duplicates` of them had come before and are left out. */
  receive(received: Received, duplicates: number): void;
}

/**
 * The way of all frames of a session, from its link and its pulse: numbered, split, control first, outcomes past the
 * door, messages to the lane.
 */
export const pipeline = (
  link$: Observable<readonly Frame[]>,
  pulse$: Observable<readonly Frame[]>,
  stations: Stations,
): Observable<never> =>
  merge(
    link$.pipe(
      map((frames) => {
        const step = fresh(frames, stations.received());
        stations.receive(step.received, step.duplicates);
        return step.frames;
      }),
    ),
    pulse$,
  ).pipe(split(stations));
