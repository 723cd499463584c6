import { map, merge, type Observable, tap } from 'rxjs';
import type { Chunk, ControlFrame, Frame, Message, Outcome, Received } from '../frame/frame.js';
import { split } from '../lane/split.js';
import { fresh } from './numbering.js';

/** The stations of a session's frames. None may throw, and none calls back an earlier one. */
export interface Stations {
  /** What was received so far. */
  received(): Received;
  /** Once per batch of the link, before its frames are handled; `duplicates` of them had come before and are left out. */
  receive(received: Received, duplicates: number): void;
  control(frame: ControlFrame): void;
  outcome(outcome: Outcome | Chunk): void;
  /** The admission door: behind it the lane takes over, with `mergeMap` inside. */
  messages(messages: readonly (Message | Chunk)[]): void;
}

/**
 * The way of all frames of a session, from its link and its pulse: numbered, split, control first, outcomes past the
 * door, messages to the lane.
 */
export const pipeline = (
  link$: Observable<readonly Frame[]>,
  pulse$: Observable<readonly Frame[]>,
  stations: Stations,
): Observable<unknown> =>
  merge(
    link$.pipe(
      map((frames) => {
        const step = fresh(frames, stations.received());
        stations.receive(step.received, step.duplicates);
        return step.frames;
      }),
    ),
    pulse$,
  ).pipe(
    split<unknown>({
      control: (control$) => control$.pipe(tap((frames) => frames.forEach(stations.control))),
      outcomes: (outcomes$) => outcomes$.pipe(tap((outcomes) => outcomes.forEach(stations.outcome))),
      messages: (messages$) => messages$.pipe(tap(stations.messages)),
    }),
  );
