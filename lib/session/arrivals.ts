import { BusError } from '../errors/bus-error.js';
import type { Chunk, Message, Outcome } from '../frame/frame.js';
import { Assembly, type Reserve } from '../lane/assembly.js';

/** A frame that begins a large payload. */
export type Begun<F extends Message | Outcome> = F & { readonly size: number };

export const isBegun = <F extends Message | Outcome>(frame: F): frame is Begun<F> => frame.size !== undefined;

interface Arrival<F extends Message | Outcome> {
  readonly frame: Begun<F>;
  readonly assembly: Assembly;
}

/** A large payload is there. What was reserved for it stays so until the one who has it gives it back. */
export interface Arrived<F extends Message | Outcome> {
  readonly frame: F;
  readonly reserved: number;
}

/** What is reserved for the smallest: or a peer that declares a byte each could have us remember millions of them. */
const leastReserved = 4_096;

const reservedFor = (size: number): number => Math.max(size, leastReserved);

/** The large payloads of one session and one direction that are arriving, by the number of what began them. */
export class Arrivals<F extends Message | Outcome> {
  readonly #open = new Map<number, Arrival<F>>();

  constructor(
    private readonly reserve: Reserve,
    private readonly arrived: (arrived: Arrived<F>) => void,
  ) {}

  get size(): number {
    return this.#open.size;
  }

  get frames(): F[] {
    return [...this.#open.values()].map(({ frame }) => frame);
  }

  /** false: there is no room for it. */
  begin(frame: Begun<F>): boolean {
    if (!this.reserve.take(reservedFor(frame.size))) return false;
    this.#open.set(frame.seq, { frame, assembly: new Assembly(frame.size) });
    this.#add(frame.seq, frame.payload);
    return true;
  }

  /** Adds a part, or ignores it: what it completes may have been refused or given up. Gives the frame of one that overflows. */
  add({ re, payload }: Chunk): F | undefined {
    return this.#add(re, payload);
  }

  /** Forgets one whole. undefined: it is not here. */
  drop(seq: number): F | undefined {
    const arrival = this.#open.get(seq);
    if (arrival === undefined) return undefined;
    this.#open.delete(seq);
    this.reserve.give(reservedFor(arrival.frame.size));
    return arrival.frame;
  }

  /** Forgets all that fit. */
  dropAll(fits: (frame: F) => boolean = () => true): F[] {
    const dropped = this.frames.filter(fits);
    for (const { seq } of dropped) this.drop(seq);
    return dropped;
  }

  #add(seq: number, payload: Uint8Array): F | undefined {
    const arrival = this.#open.get(seq);
    if (arrival === undefined) return undefined;
    const { frame, assembly } = arrival;
    if (!assembly.add(payload)) return this.drop(seq);
    if (!assembly.complete) return undefined;
    this.#open.delete(seq);
    const { size, ...rest } = frame;
    this.arrived({ frame: { ...rest, payload: assembly.payload } as F, reserved: reservedFor(size) });
    return undefined;
  }
}

/** What a data frame says that cannot be: an empty part, one that comes before its beginning, a beginning over its size. */
export function contradiction(frame: Message | Outcome | Chunk): BusError | undefined {
  const { kind, seq, payload } = frame;
  if (kind !== 'chunk')
    return frame.size !== undefined && payload.length > frame.size
      ? new BusError('protocol', `a ${kind} of ${frame.size} bytes began with ${payload.length}`)
      : undefined;
  if (payload.length === 0) return new BusError('protocol', `chunk ${seq} is empty`);
  return frame.re >= seq
    ? new BusError('protocol', `chunk ${seq} completes ${frame.re}, which has not come`)
    : undefined;
}

/** More came than was declared. */
export const overlong = ({ kind, size = 0 }: Message | Outcome): BusError =>
  new BusError('protocol', `more came of a ${kind} than the ${size} bytes that were declared`);
