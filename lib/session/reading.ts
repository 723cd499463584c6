import { NEVER, type Observable, Subject, type Subscription } from 'rxjs';
import type { Frame } from '../frame/frame.js';
import type { Opening } from './opening.js';
import { pipeline, type Stations } from './pipeline.js';

/** What a session does about what it reads. */
export interface Reader {
  /** Of the link with this number. */
  stations(link: number): Stations;
  broken(link: number, thrown: unknown): void;
  closed(link: number): void;
  /** So many frames came over a link that was let go of. Gives whether that has been told. */
  fenced(frames: number, told: boolean): boolean;
}

/** What one session reads at a time: its link, if it has one, and its pulse all along. */
export class Reading {
  #reading: Subscription | undefined;
  #link = 0;

  constructor(
    private readonly reader: Reader,
    private readonly pulse$: Observable<readonly Frame[]>,
  ) {
    this.release();
  }

  /** Whether a link is being read. */
  get active(): boolean {
    return this.#link !== 0;
  }

  read({ frames$ }: Opening, link: number): void {
    const own$ = new Subject<readonly Frame[]>();
    const reading = this.#over(own$, link);
    let told = false;
    // It ends with the link, which is read to its end: what comes after the session let go of it is counted.
    frames$.subscribe({
      next: (frames) => {
        if (!reading.closed) return own$.next(frames);
        told = this.reader.fenced(frames.length, told);
      },
      error: (thrown) => own$.error(thrown),
      complete: () => {
        if (!reading.closed) this.reader.closed(link);
      },
    });
  }

  /** Lets go of the link: what comes over it changes nothing any more, the rest of the batch at hand included. */
  release(): void {
    this.#over(NEVER, 0);
  }

  /** Reads nothing any more. */
  close(): void {
    this.#reading?.unsubscribe();
    this.#link = 0;
  }

  #over(link$: Observable<readonly Frame[]>, link: number): Subscription {
    this.#reading?.unsubscribe();
    this.#link = link;
    const reading = pipeline(link$, this.pulse$, this.reader.stations(link)).subscribe({
      error: (thrown) => {
        this.release();
        this.reader.broken(link, thrown);
      },
    });
    this.#reading = reading;
    return reading;
  }
}
