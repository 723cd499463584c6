import { Subscriber } from 'rxjs';
import { BusError, textOf } from '../errors/bus-error.js';
import { type Decoded, decodeBatch } from '../frame/codec.js';
import type { Frame } from '../frame/frame.js';
import type { Cancel, Clock } from '../time/clock.js';
import type { Link } from '../transport/link.js';

/** Who reads what follows the first frame. */
export interface LinkReader {
  next(frames: readonly Frame[]): void;
  /** The link broke: nothing follows. */
  error(thrown: unknown): void;
  /** The link was closed: nothing follows. */
  complete(): void;
}

/** A link whose first frame has come: a hello on the hub's side, a welcome or a refusal on the worker's. */
export interface Opening {
  readonly link: Link;
  readonly first: Frame;
  /** Whether the link is gone. */
  readonly ended: boolean;
  /** Gives everything after the first frame, batch by batch, to one reader; errors are `BusError`s. */
  read(reader: LinkReader): void;
  /** Lets go of the link unread. */
  leave(): void;
}

export interface OpeningOptions {
  readonly clock: Clock;
  /** How long the first frame may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Largest first batch in bytes; and the most that is kept of what follows until somebody reads it. */
  readonly maxBytes: number;
  /** Largest batch in bytes, the first and all that follow; by default what the link takes. */
  readonly maxBatchBytes?: number;
  /** Told of frames of a kind that this version does not know; they are skipped. */
  onUnknown(error: BusError): void;
}

/** Waits for the first frame of a link. Rejects with a `BusError`; the link is then the caller's to end. */
export const open = (link: Link, options: OpeningOptions): Promise<Opening> =>
  new Promise((resolve, reject) => {
    const { clock, timeoutMs } = options;
    const cancelTimer: Cancel = clock.after(timeoutMs, () => {
      batches.unsubscribe();
      const text = `${link.peer.address} sent no greeting within ${timeoutMs} ms: the link is closed`;
      reject(new BusError('handshake-failed', text));
    });
    const early = new Early(
      link,
      options.maxBytes,
      (first) => {
        cancelTimer();
        resolve(openingOf(link, first, batches));
      },
      (error) => {
        cancelTimer();
        reject(error);
      },
    );
    const batches = new Batches(link, options, early);
    link.batches$.subscribe(batches);
  });

const openingOf = (link: Link, first: Frame, batches: Batches): Opening => ({
  link,
  first,
  get ended() {
    return batches.closed;
  },
  read: (reader) => batches.read(reader),
  leave: () => batches.unsubscribe(),
});

/**
 * Reads a link for as long as it lives, whoever it reads for. Of thousands each does next to nothing: so it is the
 * subscriber itself, and holds nothing of the greeting once somebody reads.
 */
class Batches extends Subscriber<Uint8Array> {
  #reader: LinkReader;

  constructor(
    private readonly link: Link,
    private readonly options: OpeningOptions,
    early: Early,
  ) {
    super();
    this.#reader = early;
  }

  read(reader: LinkReader): void {
    const early = this.#reader;
    this.#reader = reader;
    if (early instanceof Early) early.passOn(reader);
  }

  protected override _next(bytes: Uint8Array): void {
    let decoded: Decoded;
    try {
      this.#admit(bytes.length);
      decoded = decode(bytes, this.link);
    } catch (thrown) {
      return this.error(thrown);
    }
    if (decoded.unknown > 0) this.options.onUnknown(unknownKind(decoded.unknown, this.link));
    this.#reader.next(decoded.frames);
  }

  protected override _error(thrown: unknown): void {
    this.unsubscribe();
    this.#reader.error(thrown);
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.#reader.complete();
  }

  /** Before it is decoded: small frames take far more room than their bytes. */
  #admit(bytes: number): void {
    const { maxBatchBytes = bytes } = this.options;
    if (bytes > maxBatchBytes)
      throw new BusError(
        'protocol',
        `${this.link.peer.address} sent a batch of ${bytes} bytes, at most ${maxBatchBytes} are read`,
      );
    if (this.#reader instanceof Early) this.#reader.admit(bytes);
  }
}

/** What a link brings before somebody reads it: the first frame, and a little more. */
class Early implements LinkReader {
  readonly #batches: (readonly Frame[])[] = [];
  #opened = false;
  #bytes = 0;
  #end: ((reader: LinkReader) => void) | undefined;

  constructor(
    private readonly link: Link,
    private readonly maxBytes: number,
    private readonly opened: (first: Frame) => void,
    /** There will be no first frame. */
    private readonly failed: (error: unknown) => void,
  ) {}

  admit(bytes: number): void {
    const { address } = this.link.peer;
    if (!this.#opened && bytes > this.maxBytes)
      throw new BusError(
        'too-large',
        `the greeting of ${address} has ${bytes} bytes, at most ${this.maxBytes} are read`,
      );
    if (this.#opened) this.#bytes += bytes;
    if (this.#bytes > this.maxBytes)
      throw new BusError('protocol', `${address} sent ${this.#bytes} bytes before its greeting was answered`);
  }

  next(frames: readonly Frame[]): void {
    const [first] = frames;
    if (first === undefined) return;
    this.#batches.push(this.#opened ? frames : frames.slice(1));
    if (this.#opened) return;
    this.#opened = true;
    this.opened(first);
  }

  error(thrown: unknown): void {
    if (!this.#opened) return this.failed(thrown);
    this.#end = (reader) => reader.error(thrown);
  }

  complete(): void {
    if (!this.#opened) {
      const text = `${this.link.peer.address} closed the link before its greeting`;
      return this.failed(new BusError('handshake-failed', text));
    }
    this.#end = (reader) => reader.complete();
  }

  passOn(reader: LinkReader): void {
    for (const frames of this.#batches) if (frames.length > 0) reader.next(frames);
    this.#end?.(reader);
  }
}

/** Says whose bytes they were. */
function decode(bytes: Uint8Array, { peer }: Link): Decoded {
  try {
    return decodeBatch(bytes);
  } catch (thrown) {
    throw new BusError('protocol', `${peer.address} sent what is no batch of frames: ${textOf(thrown)}`, {
      cause: thrown,
    });
  }
}

const unknownKind = (count: number, { peer }: Link): BusError =>
  new BusError(
    'protocol',
    `${peer.address} sent ${count} frames of a kind that this version does not know: skipped`,
  );
