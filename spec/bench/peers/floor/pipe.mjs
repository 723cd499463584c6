// The floor: what grpc-js gives when it is used well and nothing of a bus is in the way. Batches of at most 16,000
// bytes, one write in flight, credit in bytes; no lane, no dispatch, no acknowledgement.
import {
  batchBytes,
  beatFrame,
  headBytes,
  overheadBytes,
  putBeatBefore,
  putCreditBefore,
  putMessage,
  putOutcome,
  readBatch,
} from './wire.mjs';

const windowBytes = 256 * 1024;
const maxReady = 16;
/** More than ever wait at once: 13 seconds of the open loop. */
const maxInFlight = 65_536;
const reply = 2;
/** A pipe that never sent has no buffer. */
const none = Buffer.alloc(0);

/** @implements {import('../../contestants.mjs').Side} */
export class Pipe {
  #call;
  #listener = (/** @type {Uint8Array} */ _payload) => {};
  #heard = () => {};
  #asked = (/** @type {Uint8Array} */ _payload) => {};
  /** The batch that is being filled, up to `#end`; then those that are full, oldest first; then empty ones. */
  #batch = none;
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
  #waiting = [];
  #beatIsDue = false;
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
      beat: () => this.#heard(),
    };
    call.on('error', () => {});
    call.on('data', (/** @type {Buffer} */ batch) => {
      readBatch(batch, readers);
      if (this.#creditIsDue()) this.#flushSoon();
    });
  }

  /** Says that this side lives: in front of everything else, with the next batch. */
  beat() {
    this.#beatIsDue = true;
    this.#flush();
  }

  onBeat(/** @type {() => void} */ heard) {
    this.#heard = heard;
  }

  /** Told of each request before it is answered with its own payload. */
  onRequest(/** @type {(payload: Uint8Array) => void} */ asked) {
    this.#asked = asked;
  }

  /** Sends a batch that was written for several pipes at once; nobody may change it. */
  share(/** @type {Buffer} */ batch) {
    if (this.#end > headBytes) this.#ready.push(this.#takeUnfinished());
    this.#ready.push({ batch, end: batch.length, shared: true });
    this.#flush();
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
    this.#asked(payload);
    this.#reserve(payload.length);
    this.#end = putOutcome(this.#batch, this.#end, ++this.#seq, re, payload);
    this.#flushSoon();
  }

  /** Sees to it that the current batch has room for a payload of that length; a large one gets a batch of its own. */
  #reserve(/** @type {number} */ length) {
    const needed = length + overheadBytes;
    if (this.#end + needed <= this.#batch.length) return;
    if (this.#end > headBytes) {
      this.#ready.push(this.#takeUnfinished());
      this.#flush();
    }
    if (this.#batch.length < headBytes + needed)
      this.#batch = Buffer.allocUnsafeSlow(Math.max(batchBytes, headBytes + needed));
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
    if (this.#ready.length > 0 || this.#end > headBytes) return this.#write(due);
    if (due) this.#reserve(0);
    if (due) this.#write(due);
    else if (this.#beatIsDue) this.#send(beatFrame, undefined);
  }

  #write(/** @type {boolean} */ due) {
    const { batch, end, shared } = this.#ready.shift() ?? this.#takeUnfinished();
    if (shared) return this.#send(batch, undefined);
    let begin = headBytes;
    if (due) {
      this.#granted = this.#receivedBytes + windowBytes;
      begin = putCreditBefore(batch, begin, this.#granted);
    }
    if (this.#beatIsDue) begin = putBeatBefore(batch, begin);
    this.#send(batch.subarray(begin, end), batch);
  }

  /** Writes it; `batch` is its buffer, to be used again. */
  #send(/** @type {Buffer} */ bytes, /** @type {Buffer | undefined} */ batch) {
    if (batch !== undefined || bytes === beatFrame) this.#beatIsDue = false;
    this.#writing = true;
    this.#call.write(bytes, () => {
      this.#writing = false;
      if (batch !== undefined) this.#free.push(batch);
      this.#flush();
      this.#wake();
    });
  }

  #takeUnfinished() {
    const taken = { batch: this.#batch, end: this.#end };
    this.#batch = this.#free.pop() ?? none;
    this.#end = headBytes;
    return taken;
  }
}
