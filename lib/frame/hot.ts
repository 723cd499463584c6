// The frames that come by the thousand, written out by hand. Each reader makes its objects in one place, so that all
// of a kind have the same shape to the engine.
import { fault, progress as progressLayout } from './cold.js';
import type {
  Ack,
  Beat,
  Chunk,
  Credit,
  Expects,
  Fault,
  Message,
  Outcome,
  OutcomeStatus,
  Progress,
} from './frame.js';
import { nested } from './layout.js';
import { longestNumber, longestText, putBytes, putNumber, putWord } from './put.js';
import type { Reader } from './reader.js';
import { largestUint32, map, uint32 } from './type.js';
import type { Writer } from './writer.js';

// A tag is the field's number times 8, plus 0 for a number, 2 for what has a length.
const expectations: readonly Expects[] = ['nothing', 'acceptance', 'reply', 'stream'];
const expectsNumber: Readonly<Record<Expects, number>> = { nothing: 0, acceptance: 1, reply: 2, stream: 3 };
const statuses: readonly OutcomeStatus[] = ['value', 'item', 'done', 'fault'];
const statusNumber: Readonly<Record<OutcomeStatus, number>> = { value: 0, item: 1, done: 2, fault: 3 };
const faultType = nested(fault);
const progressType = nested(progressLayout);
const nothing = new Uint8Array(0);

/** The payload comes last, so that a large one makes its room once. */
export function writeMessage(writer: Writer, message: Message): void {
  const { type, codec, id, headers, payload } = message;
  writer.room(6 * longestNumber + longestText(type) + longestText(codec) + longestText(id) + payload.length);
  let { slab, position } = writer;
  position = putNumber(slab, position, 0x08, message.seq);
  position = putWord(slab, position, 0x12, type);
  position = putNumber(slab, position, 0x20, expectsNumber[message.expects]);
  position = putWord(slab, position, 0x2a, codec);
  position = putNumber(slab, position, 0x30, message.timeoutMs);
  if (message.attempt > 1)
    position = putNumber(slab, position, 0x38, Math.min(message.attempt, largestUint32));
  position = putWord(slab, position, 0x42, id);
  if (message.size !== undefined) position = putNumber(slab, position, 0x50, message.size);
  if (headers !== undefined) {
    writer.position = position;
    map.write(writer, 0x4a, headers);
    writer.room(longestNumber + payload.length);
    ({ slab, position } = writer);
  }
  writer.position = putBytes(slab, position, 0x1a, payload);
}

/** An unknown `expects` reads as `reply`, so that the sender always gets an answer. */
export function readMessage(reader: Reader): Message {
  let seq = 0;
  let type = '';
  let payload: Uint8Array = nothing;
  let expects: Expects = 'nothing';
  let codec = '';
  let timeoutMs = 0;
  let attempt = 1;
  let id = '';
  let headers: Record<string, string> | undefined;
  let size = 0;
  while (reader.position < reader.end) {
    const tag = reader.varint();
    if (tag === 0x08) seq = reader.varint();
    else if (tag === 0x12) type = reader.word();
    else if (tag === 0x1a) payload = reader.view();
    else if (tag === 0x20) expects = expectations[reader.varint()] ?? 'reply';
    else if (tag === 0x2a) codec = reader.word();
    else if (tag === 0x30) timeoutMs = reader.varint();
    else if (tag === 0x38) attempt = (uint32.read(reader, 1) as number) || 1;
    else if (tag === 0x42) id = reader.text();
    else if (tag === 0x4a) headers = map.read(reader, headers ?? {}) as Record<string, string>;
    else if (tag === 0x50) size = reader.varint();
    else reader.skip(tag);
  }
  const whole: Message =
    headers === undefined || Object.keys(headers).length === 0
      ? { kind: 'message', seq, type, payload, expects, codec, timeoutMs, attempt, id }
      : { kind: 'message', seq, type, payload, expects, codec, timeoutMs, attempt, id, headers };
  return size === 0 ? whole : { ...whole, size };
}

export function writeOutcome(writer: Writer, outcome: Outcome): void {
  const { codec, payload } = outcome;
  writer.room(5 * longestNumber + longestText(codec) + payload.length);
  let { slab, position } = writer;
  position = putNumber(slab, position, 0x08, outcome.seq);
  position = putNumber(slab, position, 0x10, outcome.re);
  position = putNumber(slab, position, 0x18, statusNumber[outcome.status]);
  position = putWord(slab, position, 0x2a, codec);
  if (outcome.size !== undefined) position = putNumber(slab, position, 0x38, outcome.size);
  if (outcome.fault !== undefined) {
    writer.position = position;
    faultType.write(writer, 0x32, outcome.fault);
    writer.room(longestNumber + payload.length);
    ({ slab, position } = writer);
  }
  writer.position = putBytes(slab, position, 0x22, payload);
}

/** An unknown `status` reads as `fault`. Neither side takes it for granted that a fault has its details with it. */
export function readOutcome(reader: Reader): Outcome {
  let seq = 0;
  let re = 0;
  let status: OutcomeStatus = 'value';
  let payload: Uint8Array = nothing;
  let codec = '';
  let failure: Fault | undefined;
  let size = 0;
  while (reader.position < reader.end) {
    const tag = reader.varint();
    if (tag === 0x08) seq = reader.varint();
    else if (tag === 0x10) re = reader.varint();
    else if (tag === 0x18) status = statuses[reader.varint()] ?? 'fault';
    else if (tag === 0x22) payload = reader.view();
    else if (tag === 0x2a) codec = reader.word();
    else if (tag === 0x32) failure = faultType.read(reader, undefined) as Fault;
    else if (tag === 0x38) size = reader.varint();
    else reader.skip(tag);
  }
  const whole: Outcome =
    failure === undefined
      ? { kind: 'outcome', seq, re, status, payload, codec }
      : { kind: 'outcome', seq, re, status, payload, codec, fault: failure };
  return size === 0 ? whole : { ...whole, size };
}

export function writeChunk(writer: Writer, { seq, re, payload, outcome }: Chunk): void {
  writer.room(4 * longestNumber + payload.length);
  const { slab } = writer;
  let position = putNumber(slab, writer.position, 0x08, seq);
  position = putNumber(slab, position, 0x10, re);
  position = putNumber(slab, position, 0x20, outcome ? 1 : 0);
  writer.position = putBytes(slab, position, 0x1a, payload);
}

export function readChunk(reader: Reader): Chunk {
  let seq = 0;
  let re = 0;
  let payload: Uint8Array = nothing;
  let outcome = false;
  while (reader.position < reader.end) {
    const tag = reader.varint();
    if (tag === 0x08) seq = reader.varint();
    else if (tag === 0x10) re = reader.varint();
    else if (tag === 0x1a) payload = reader.view();
    else if (tag === 0x20) outcome = reader.varint() !== 0;
    else reader.skip(tag);
  }
  return { kind: 'chunk', seq, re, payload, outcome };
}

export function writeAck(writer: Writer, ack: Ack): void {
  writer.room(longestNumber);
  writer.position = putNumber(writer.slab, writer.position, 0x08, ack.seq);
}

export function readAck(reader: Reader): Ack {
  let seq = 0;
  while (reader.position < reader.end) {
    const tag = reader.varint();
    if (tag === 0x08) seq = reader.varint();
    else reader.skip(tag);
  }
  return { kind: 'ack', seq };
}

export function writeCredit(writer: Writer, credit: Credit): void {
  writer.room(2 * longestNumber);
  const position = putNumber(writer.slab, writer.position, 0x08, credit.messages);
  writer.position = putNumber(writer.slab, position, 0x10, credit.bytes);
}

export function readCredit(reader: Reader): Credit {
  let messages = 0;
  let bytes = 0;
  while (reader.position < reader.end) {
    const tag = reader.varint();
    if (tag === 0x08) messages = reader.varint();
    else if (tag === 0x10) bytes = reader.varint();
    else reader.skip(tag);
  }
  return { kind: 'credit', messages, bytes };
}

export function writeBeat(writer: Writer, beat: Beat): void {
  writer.room(7 * longestNumber);
  const { slab } = writer;
  let position = putNumber(slab, writer.position, 0x08, beat.n);
  position = putNumber(slab, position, 0x10, beat.lateMs);
  position = putNumber(slab, position, 0x18, beat.inFlight);
  position = putNumber(slab, position, 0x20, beat.queued);
  position = putNumber(slab, position, 0x28, beat.handled);
  position = putNumber(slab, position, 0x30, beat.oldestMs);
  writer.position = putNumber(slab, position, 0x38, beat.probe ? 1 : 0);
  if (beat.progress !== undefined) progressType.write(writer, 0x42, beat.progress);
}

export function readBeat(reader: Reader): Beat {
  let n = 0;
  let lateMs = 0;
  let inFlight = 0;
  let queued = 0;
  let handled = 0;
  let oldestMs = 0;
  let probe = false;
  let progress: Progress | undefined;
  while (reader.position < reader.end) {
    const tag = reader.varint();
    if (tag === 0x08) n = reader.varint();
    else if (tag === 0x10) lateMs = reader.varint();
    else if (tag === 0x18) inFlight = reader.varint();
    else if (tag === 0x20) queued = reader.varint();
    else if (tag === 0x28) handled = reader.varint();
    else if (tag === 0x30) oldestMs = reader.varint();
    else if (tag === 0x38) probe = reader.varint() !== 0;
    else if (tag === 0x42) progress = progressType.read(reader, undefined) as Progress;
    else reader.skip(tag);
  }
  const beat: Beat = { kind: 'beat', n, lateMs, inFlight, queued, handled, oldestMs, probe };
  return progress === undefined ? beat : { ...beat, progress };
}
