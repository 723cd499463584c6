import { longestNumber, longestText, putText, putVarint } from './put.js';

/** What a slab grows to by itself; only one batch that is larger makes a larger one. */
const largestSlab = 64 * 1024;
const smallestSlab = 512;

/** How many bytes a length takes as a varint. */
const width = (length: number): number => {
  if (length < 0x80) return 1;
  if (length < 0x4000) return 2;
  if (length < 0x20_0000) return 3;
  return length < 0x1000_0000 ? 4 : 5;
};

/** Slabs that are kept for the next burst, 8 MiB of them: as much as a broadcast of 8 KB to a thousand has under way. */
const maxSpare = 128;
/** Batches after which those are let go that none of them needed. */
const trimAfter = 1024;

/** The memory of some batches. Once each of them was given back it is written over. */
export class Slab {
  /** Batches that were taken and not given back. */
  out = 0;

  constructor(
    readonly bytes: Buffer,
    private readonly writer: Writer,
  ) {}

  /** Nobody reads one of its batches any more. Once for each, if at all. */
  giveBack(): void {
    this.out -= 1;
    if (this.out === 0) this.writer.reclaim(this);
  }
}

/**
 * Writes the primitives of protobuf into slabs. What `take` has given is not written over unless it is given back to its
 * slab: memory outside of the heap is what makes the collector run most. A new slab is four times the batch at hand or the
 * one before, so that ten thousand writers that only beat hold little.
 */
export class Writer {
  memory = new Slab(Buffer.alloc(0), this);
  /** The bytes of `memory`. */
  slab: Buffer = this.memory.bytes;
  position = 0;
  private start = 0;
  private lastSize = 0;
  private readonly slabBytes: number;
  /** The largest ones, of which all was given back; the fewest that there were since the last look, and when that was. */
  private readonly spare: Slab[] = [];
  private fewest = 0;
  private batches = 0;

  constructor(slabBytes = smallestSlab) {
    this.slabBytes = slabBytes;
  }

  /** Bytes since the last `take`. */
  get size(): number {
    return this.position - this.start;
  }

  /** The bytes so far, and begins anew behind them. */
  take(): Buffer {
    const batch = this.slab.subarray(this.start, this.position);
    this.lastSize = batch.length;
    this.start = this.position;
    this.memory.out += 1;
    this.batches += 1;
    if (this.batches === trimAfter) this.trim();
    return batch;
  }

  /** For a slab: none of its batches is read any more. */
  reclaim(slab: Slab): void {
    if (slab !== this.memory) {
      if (slab.bytes.length === largestSlab && this.spare.length < maxSpare) this.spare.push(slab);
    } else if (this.size === 0) {
      this.start = this.position = 0;
      // Made for one large batch.
      if (slab.bytes.length > largestSlab) this.use(new Slab(Buffer.alloc(0), this));
    }
  }

  private use(memory: Slab): void {
    this.memory = memory;
    this.slab = memory.bytes;
  }

  private trim(): void {
    this.spare.length -= this.fewest;
    this.fewest = this.spare.length;
    this.batches = 0;
  }

  /** Forgets what was written after the batch had this size. */
  cut(size: number): void {
    this.position = this.start + size;
  }

  /** Makes room for so many bytes more. May change `slab` and `position`. */
  room(bytes: number): void {
    if (this.position + bytes > this.slab.length) this.move(bytes);
  }

  private move(bytes: number): void {
    const { memory, slab, start, position, size } = this;
    const usual = Math.min(4 * Math.max(size, this.lastSize), largestSlab);
    this.use(this.slabOf(Math.max(size + bytes, 2 * size, usual, this.slabBytes)));
    slab.copy(this.slab, 0, start, position);
    this.start = 0;
    this.position = size;
    if (memory.out === 0) this.reclaim(memory);
  }

  private slabOf(bytes: number): Slab {
    const spare = bytes > largestSlab ? undefined : this.spare.pop();
    this.fewest = Math.min(this.fewest, this.spare.length);
    return spare ?? new Slab(Buffer.allocUnsafe(bytes), this);
  }

  varint(value: number): void {
    this.room(longestNumber);
    this.position = putVarint(this.slab, this.position, value);
  }

  text(value: string): void {
    this.room(longestText(value));
    this.position = putText(this.slab, this.position, value);
  }

  /** Begins a message under a tag; its length is not known yet but likely to be about `guess` bytes. */
  open(tag: number, guess: number): number {
    this.varint(tag);
    const mark = this.size;
    this.room(longestNumber);
    this.position += width(guess);
    return mark;
  }

  /** Ends the message that was begun with the same guess; a guess of the wrong width costs one move of its bytes. */
  close(mark: number, guess: number): void {
    const guessed = width(guess);
    const length = this.size - mark - guessed;
    const shift = width(length) - guessed;
    if (shift !== 0) {
      this.room(shift);
      const from = this.start + mark + guessed;
      this.slab.copyWithin(from + shift, from, this.position);
    }
    this.position = putVarint(this.slab, this.start + mark, length) + length;
  }
}
