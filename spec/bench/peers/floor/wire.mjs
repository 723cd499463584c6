// Batches as in proto/drumline/v1/bus.proto, written and read by hand; only the frames and fields that the floor uses.

export const batchBytes = 16_000;
/** Kept free in front of a batch, for a beat and a credit frame that are added when it leaves. */
export const headBytes = 24;
/** What a message or outcome takes at most, besides its payload. */
export const overheadBytes = 48;

const type = Buffer.from('bench');
const inBatch = 0x0a;
const credit = 0x2a;
const beat = 0x22;
const message = 0x62;
const outcome = 0x6a;

const sizeOf = (/** @type {number} */ n) =>
  n < 128 ? 1 : n < 16_384 ? 2 : n < 2_097_152 ? 3 : n < 268_435_456 ? 4 : 5;

function putNumber(/** @type {Buffer} */ to, /** @type {number} */ at, /** @type {number} */ n) {
  let rest = n;
  let next = at;
  while (rest > 127) {
    to[next++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  to[next] = rest;
  return next + 1;
}

function putFrame(to, at, kind, length) {
  to[at] = inBatch;
  const next = putNumber(to, at + 1, 1 + sizeOf(length) + length);
  to[next] = kind;
  return putNumber(to, next + 1, length);
}

function putPayload(to, at, tag, payload) {
  to[at] = tag;
  const next = putNumber(to, at + 1, payload.length);
  to.set(payload, next);
  return next + payload.length;
}

/** Appends a message frame; gives where it ends. With `expects` 2 it is a request. */
export function putMessage(/** @type {Buffer} */ to, at, seq, payload, expects) {
  const bytes = payload.length;
  const length = 1 + sizeOf(seq) + 2 + type.length + 1 + sizeOf(bytes) + bytes + (expects === 0 ? 0 : 2);
  let next = putFrame(to, at, message, length);
  to[next] = 0x08;
  next = putNumber(to, next + 1, seq);
  to[next++] = 0x12;
  to[next++] = type.length;
  for (let i = 0; i < type.length; i++) to[next++] = type[i];
  next = putPayload(to, next, 0x1a, payload);
  if (expects === 0) return next;
  to[next] = 0x20;
  to[next + 1] = expects;
  return next + 2;
}

/** Appends the outcome of the message with the number `re`; gives where it ends. */
export function putOutcome(/** @type {Buffer} */ to, at, seq, re, payload) {
  const bytes = payload.length;
  let next = putFrame(to, at, outcome, 3 + sizeOf(seq) + sizeOf(re) + sizeOf(bytes) + bytes);
  to[next] = 0x08;
  next = putNumber(to, next + 1, seq);
  to[next] = 0x10;
  next = putNumber(to, next + 1, re);
  return putPayload(to, next, 0x22, payload);
}

/** Writes a credit frame that ends at `end`; gives where it begins. */
export function putCreditBefore(/** @type {Buffer} */ to, end, limit) {
  const length = 1 + lengthOfLimit(limit);
  const at = end - (3 + 1 + length);
  const next = putFrame(to, at, credit, length);
  to[next] = 0x10;
  putLimit(to, next + 1, limit);
  return at;
}

export const beatFrame = Buffer.from([inBatch, 2, beat, 0]);

/** The same for a beat. */
export function putBeatBefore(/** @type {Buffer} */ to, end) {
  to.set(beatFrame, end - beatFrame.length);
  return end - beatFrame.length;
}

/** A batch of messages for several pipes that have sent nothing else, numbered from `seq`. */
export function batchOf(/** @type {Uint8Array[]} */ payloads, seq) {
  const bytes = payloads.reduce((sum, { length }) => sum + length + overheadBytes, 0);
  const batch = Buffer.allocUnsafeSlow(bytes);
  let end = 0;
  for (const [n, payload] of payloads.entries()) end = putMessage(batch, end, seq + n, payload, 0);
  return batch.subarray(0, end);
}

// A limit in bytes passes 2^32 soon: in bytes of seven bits by division.
function lengthOfLimit(limit) {
  let size = 1;
  for (let rest = limit; rest > 127; rest = Math.floor(rest / 128)) size++;
  return size;
}

function putLimit(to, at, limit) {
  let next = at;
  let rest = limit;
  for (; rest > 127; rest = Math.floor(rest / 128)) to[next++] = (rest % 128) | 128;
  to[next] = rest;
}

let at = 0;

function number(/** @type {Buffer} */ from) {
  let byte = from[at++];
  if (byte < 128) return byte;
  let value = byte & 127;
  let unit = 128;
  do {
    byte = from[at++];
    value += (byte & 127) * unit;
    unit *= 128;
  } while (byte > 127);
  return value;
}

const none = new Uint8Array(0);

/**
 * Reads a batch and hands over what is in it, in order.
 * @param {Buffer} batch
 * @param {{ message(seq: number, payload: Uint8Array, expects: number): void, outcome(re: number, payload: Uint8Array): void,
 *   credit(limit: number): void, beat(): void }} to
 */
export function readBatch(batch, to) {
  at = 0;
  while (at < batch.length) {
    at++;
    number(batch);
    const kind = batch[at++];
    const length = number(batch);
    const end = at + length;
    let first = 0;
    let second = 0;
    let expects = 0;
    let payload = none;
    while (at < end) {
      const tag = batch[at++];
      if (tag === 0x08) first = number(batch);
      else if (tag === 0x10) second = number(batch);
      else if (tag === 0x20) expects = number(batch);
      else {
        const size = number(batch);
        if (tag === 0x1a || tag === 0x22) payload = batch.subarray(at, at + size);
        at += size;
      }
    }
    if (kind === message) to.message(first, payload, expects);
    else if (kind === outcome) to.outcome(second, payload);
    else if (kind === credit) to.credit(second);
    else to.beat();
    at = end;
  }
}
