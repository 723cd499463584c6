// The floor: what grpc-js gives when it is used well and nothing of a bus is in the way. Batches of at most 16,000
// bytes, one write in flight, credit in bytes; no lane, no dispatch, no acknowledgement.
import {
  batchBytes,
  headBytes,
  overheadBytes,
  putCreditBefore,
  putMessage,
  putOutcome,
  readBatch,
} from './wire.mjs';

const windowBytes = 256 * 1024;
const maxReady = 16;
const maxInFlight = 1024;
const reply = 2;

export const path = '/bench.Floor/Attach';
export const http2WindowBytes = 1024 * 1024;
export const bytes = (/** @type {Buffer} */ value) => value;

/** @implements {import('../contestants.mjs').Side} */
export class Pipe {
  #call;
  #listener = (/** @type {Uint8Array} */ _payload) => {};
  /** The batch that is being filled, up to `#end`; then those that are full, oldest first; then empty ones. */
  #batch = Buffer.allocUnsafeSlow(batchBytes);
  #end = headBytes;
  #ready = [];
  #free = [];
  #writing = false;
  #flushing = false;
  #seq = 0;
  #sentBytes = 0;
  #limit = windowBytes;
  #receivedBytes = 0;
  #granted = windowBytes;
  #waiting = new Array(maxInFlight);
  #room;
  #admit;

  constructor(/** @type {import('node:stream').Duplex} */ call, close = () => {}) {
    this.#call = call;
    this.close = close;
    const readers = {
      message: (seq, payload, expects) => {
        this.#receivedBytes += payload.length;
        if (expects === reply) this.#answer(seq, payload);
        else this.#listener(payload);
      },
      outcome: (re, payload) => this.#waiting[re % maxInFlight](payload),
      credit: (limit) => {
        this.#limit = limit;
        this.#wake();
      },
    };
    call.on('error', () => {});
    call.on('data', (/** @type {Buffer} */ batch) => {
      readBatch(batch, readers);
      if (this.#creditIsDue()) this.#flushSoon();
    });
  }

  receive(/** @type {(payload: Uint8Array) => void} */ listener) {
    this.#listener = listener;
  }

  publish(/** @type {Uint8Array} */ payload) {
    this.#reserve(payload.length);
    this.#end = putMessage(this.#batch, this.#end, ++this.#seq, payload, 0);
    this.#sentBytes += payload.length;
    this.#flushSoon();
    if (this.#hasRoom(payload.length)) return undefined;
    this.#room ??= new Promise((resolve) => {
      this.#admit = { resolve, length: payload.length };
    });
    return this.#room;
  }

  request(/** @type {Uint8Array} */ payload) {
    this.#reserve(payload.length);
    const seq = ++this.#seq;
    this.#end = putMessage(this.#batch, this.#end, seq, payload, reply);
    this.#sentBytes += payload.length;
    this.#flushSoon();
    return new Promise((resolve) => {
      this.#waiting[seq % maxInFlight] = resolve;
    });
  }

  #answer(re, payload) {
    this.#reserve(payload.length);
    this.#end = putOutcome(this.#batch, this.#end, ++this.#seq, re, payload);
    this.#flushSoon();
  }

  #reserve(/** @type {number} */ length) {
    if (this.#end + length + overheadBytes <= batchBytes) return;
    this.#ready.push({ batch: this.#batch, end: this.#end });
    this.#batch = this.#free.pop() ?? Buffer.allocUnsafeSlow(batchBytes);
    this.#end = headBytes;
    this.#flush();
  }

  #hasRoom(/** @type {number} */ length) {
    return this.#ready.length < maxReady && this.#sentBytes + length <= this.#limit;
  }

  #wake() {
    if (this.#room === undefined || !this.#hasRoom(this.#admit.length)) return;
    this.#room = undefined;
    this.#admit.resolve();
  }

  #creditIsDue() {
    return this.#receivedBytes + windowBytes - this.#granted >= windowBytes / 4;
  }

  #flushSoon() {
    if (this.#flushing || this.#writing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush() {
    if (this.#writing) return;
    const due = this.#creditIsDue();
    if (this.#ready.length === 0 && this.#end === headBytes && !due) return;
    const { batch, end } = this.#ready.shift() ?? this.#takeUnfinished();
    let begin = headBytes;
    if (due) {
      this.#granted = this.#receivedBytes + windowBytes;
      begin = putCreditBefore(batch, headBytes, this.#granted);
    }
    this.#writing = true;
    this.#call.write(batch.subarray(begin, end), () => {
      this.#writing = false;
      this.#free.push(batch);
      this.#flush();
      this.#wake();
    });
  }

  #takeUnfinished() {
    const taken = { batch: this.#batch, end: this.#end };
    this.#batch = this.#free.pop() ?? Buffer.allocUnsafeSlow(batchBytes);
    this.#end = headBytes;
    return taken;
  }
}
