import { type ColdKind, cold } from './cold.js';
import type { Frame } from './frame.js';
import {
  readAck,
  readBeat,
  readChunk,
  readCredit,
  readMessage,
  readOutcome,
  writeAck,
  writeBeat,
  writeChunk,
  writeCredit,
  writeMessage,
  writeOutcome,
} from './hot.js';
import { readFields, writeFields } from './layout.js';
import { Reader } from './reader.js';
import { type Slab, Writer } from './writer.js';

/** The tag of each kind: its number in the `oneof` of bus.proto times 8, plus 2 for having a length. */
const tags: Readonly<Record<Frame['kind'], number>> = {
  hello: 0x0a,
  welcome: 0x12,
  refusal: 0x1a,
  beat: 0x22,
  credit: 0x2a,
  ack: 0x32,
  cancel: 0x3a,
  hold: 0x42,
  announce: 0x4a,
  drain: 0x52,
  bye: 0x5a,
  message: 0x62,
  outcome: 0x6a,
  pull: 0x7a,
  release: 0x72,
  chunk: 0x82,
  pulse: 0x8a,
  redial: 0x92,
};

const framesTag = 0x0a;

type Read = (reader: Reader) => Frame;
const readCold =
  (kind: ColdKind): Read =>
  (reader) =>
    readFields(reader, cold[kind]) as Frame;

/** What of a greeting could be read; malformed parts are left out. */
const readHello: Read = (reader) => {
  reader.lenient = true;
  const hello = readFields(reader, cold.hello) as Frame;
  reader.lenient = false;
  return hello;
};

const readers: ReadonlyMap<number, Read> = new Map([
  ...(Object.keys(cold) as ColdKind[]).map((kind) => [tags[kind], readCold(kind)] as const),
  [tags.hello, readHello],
  [tags.beat, readBeat],
  [tags.credit, readCredit],
  [tags.ack, readAck],
  [tags.message, readMessage],
  [tags.outcome, readOutcome],
  [tags.chunk, readChunk],
]);

/** Roughly how long a frame will be, for the width of its length. */
function guess(frame: Frame): number {
  if (frame.kind === 'message') return frame.payload.length + frame.type.length + 16;
  return frame.kind === 'outcome' || frame.kind === 'chunk' ? frame.payload.length + 16 : 0;
}

function writeBody(writer: Writer, frame: Frame): void {
  if (frame.kind === 'message') writeMessage(writer, frame);
  else if (frame.kind === 'outcome') writeOutcome(writer, frame);
  else if (frame.kind === 'ack') writeAck(writer, frame);
  else if (frame.kind === 'credit') writeCredit(writer, frame);
  else if (frame.kind === 'beat') writeBeat(writer, frame);
  else if (frame.kind === 'chunk') writeChunk(writer, frame);
  else writeFields(writer, cold[frame.kind], frame);
}

/**
 * Writes frames one behind the other into a batch. Numbers are made whole: rounded up, 0 for negative ones and NaN,
 * at most 2^53 - 1.
 */
export class BatchWriter {
  private readonly writer: Writer;

  /**
   * `slabBytes`: the least to allocate at a time, shared by batches that follow each other; default 512. A writer that
   * serves many links in turn does well with 65,536.
   */
  constructor(slabBytes?: number) {
    this.writer = new Writer(slabBytes);
  }

  /** Bytes of the batch so far. */
  get size(): number {
    return this.writer.size;
  }

  /** Adds a frame. If it throws, for a value that is not what its type says, the batch is as it was before. */
  add(frame: Frame): void {
    const { writer } = this;
    const { size } = writer;
    const body = guess(frame);
    try {
      const whole = writer.open(framesTag, body + 2);
      const inner = writer.open(tags[frame.kind], body);
      writeBody(writer, frame);
      writer.close(inner, body);
      writer.close(whole, body + 2);
    } catch (thrown) {
      writer.cut(size);
      throw thrown;
    }
  }

  /** Where the batch is, if asked right before `take`: its `giveBack` is for when nobody reads the batch any more. */
  get memory(): Slab {
    return this.writer.memory;
  }

  /** The batch, and starts a new one. Its bytes are never written again unless its memory is given back. */
  take(): Buffer {
    return this.writer.take();
  }
}

/** One batch of these frames. */
export function encodeBatch(frames: Iterable<Frame>): Buffer {
  const writer = new BatchWriter();
  for (const frame of frames) writer.add(frame);
  return writer.take();
}

/** What a batch held. Payloads are views of its bytes. */
export interface Decoded {
  readonly frames: Frame[];
  /** How many frames were left out because this version does not know their kind. */
  readonly unknown: number;
}

/** Throws `BusError('protocol')` for bytes that are no batch. Nothing inside a hello's own bytes makes it throw. */
export function decodeBatch(bytes: Uint8Array): Decoded {
  const reader = new Reader(bytes);
  const frames: Frame[] = [];
  let unknown = 0;
  while (reader.position < reader.end) {
    const tag = reader.varint();
    if (tag !== framesTag) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    const frame = readFrame(reader);
    reader.leave(outer);
    if (frame === undefined) unknown += 1;
    else frames.push(frame);
  }
  return { frames, unknown };
}

/** The last kind that is known wins. */
function readFrame(reader: Reader): Frame | undefined {
  let frame: Frame | undefined;
  while (reader.position < reader.end) {
    const tag = reader.varint();
    const read = readers.get(tag);
    if (read === undefined) {
      reader.skip(tag);
      continue;
    }
    const outer = reader.enter();
    frame = read(reader);
    reader.leave(outer);
  }
  return frame;
}
