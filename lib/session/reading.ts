import { Subject } from 'rxjs';
import type { Chunk, ControlFrame, Frame, Message, Outcome, Received } from '../frame/frame.js';
import type { LinkReader, Opening } from './opening.js';
import { type Arriving, pipeline, type Stations } from './pipeline.js';

/** What a session does about what it reads, over its link with this number; 0 while it has none, and reads its pulse alone. */
export interface Reader {
  readonly received: Received;
  receive(received: Received, duplicates: number, link: number): void;
  handle(frame: ControlFrame, link: number): void;
  settle(outcome: Outcome | Chunk, link: number): void;
  take(messages: readonly (Message | Chunk)[], link: number): void;
  broken(link: number, thrown: unknown): void;
  closed(link: number): void;
  /** So many frames came over a link that was let go of. Gives whether that has been told. */
  fenced(frames: number, told: boolean): boolean;
}

/**
 * What one session reads at a time: its link, if it has one, and its pulse all along. One pipeline for all of them: with
 * one for each link, an idle session took 3 KB more.
 */
export class Reading {
  /** What all its links and its pulse deliver. */
  readonly #frames$ = new Subject<Arriving>();
  readonly #reader: Reader;
  #link: LinkReading | undefined;

  constructor(reader: Reader) {
    this.#reader = reader;
    pipeline(this.#frames$).subscribe();
    this.release();
  }

  /** It ends with the link, which is read to its end: what comes after the session let go of it is counted. */
  read(opening: Opening, link: number): void {
    opening.read(this.#over(link));
  }

  /** Frames of the pulse. */
  pulse(frames: readonly Frame[]): void {
    if (this.#link !== undefined) this.#frames$.next({ frames, to: this.#link, numbered: false });
  }

  /** Lets go of the link: what comes over it changes nothing any more, the rest of the batch at hand included. */
  release(): void {
    this.#over(0);
  }

  /** Reads nothing any more. */
  close(): void {
    this.#link?.end();
    this.#link = undefined;
    this.#frames$.complete();
  }

  #over(number: number): LinkReading {
    this.#link?.end();
    const link = new LinkReading(this, this.#reader, number, this.#frames$);
    this.#link = link;
    return link;
  }
}

/** The reading of one link, until the session lets go of it; then what still comes over it is counted. */
class LinkReading implements LinkReader, Stations {
  over = false;
  #told = false;

  constructor(
    private readonly reading: Reading,
    private readonly reader: Reader,
    private readonly link: number,
    private readonly frames$: Subject<Arriving>,
  ) {}

  next(frames: readonly Frame[]): void {
    if (this.over) this.#told = this.reader.fenced(frames.length, this.#told);
    else this.frames$.next({ frames, to: this, numbered: true });
  }

  error(thrown: unknown): void {
    this.broken(thrown);
  }

  broken(thrown: unknown): void {
    if (this.over) return;
    this.reading.release();
    this.reader.broken(this.link, thrown);
  }

  complete(): void {
    if (!this.over) this.reader.closed(this.link);
  }

  end(): void {
    this.over = true;
  }

  get received(): Received {
    return this.reader.received;
  }

  receive(received: Received, duplicates: number): void {
    this.reader.receive(received, duplicates, this.link);
  }

  control(frame: ControlFrame): void {
    this.reader.handle(frame, this.link);
  }

  outcome(frame: Outcome | Chunk): void {
    this.reader.settle(frame, this.link);
  }

  messages(frames: readonly (Message | Chunk)[]): void {
    this.reader.take(frames, this.link);
  }
}
