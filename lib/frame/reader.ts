import { BusError } from '../errors/bus-error.js';

/** Words are names that come again in message after message: longer strings are not kept. */
const longestWord = 48;
const places = 64;
const words: string[] = new Array<string>(places).fill('');

/**
 * Reads the primitives of protobuf out of one batch. `end` is where the innermost message ends; nothing is read past
 * it. Malformed bytes throw `BusError('protocol')`, except while `lenient`: then they set `broken`, give a neutral
 * value and end the message at hand, at no cost that a hostile peer could multiply.
 */
export class Reader {
  position = 0;
  end: number;
  lenient = false;
  broken = false;
  private readonly bytes: Buffer;

  constructor(bytes: Uint8Array) {
    this.bytes = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = bytes.byteLength;
  }

  /** A number of 64 bits; what is over 2^53 - 1, and so every negative one, reads as 2^53 - 1. */
  varint(): number {
    const { bytes, position } = this;
    if (position + 1 < this.end) {
      const first = bytes[position] as number;
      if (first < 0x80) {
        this.position = position + 1;
        return first;
      }
      const second = bytes[position + 1] as number;
      if (second < 0x80) {
        this.position = position + 2;
        return (second << 7) | (first & 0x7f);
      }
    }
    return this.longVarint();
  }

  private longVarint(): number {
    const { bytes, end } = this;
    let position = this.position;
    let value = 0;
    let factor = 1;
    for (let taken = 0; taken < 10; taken += 1, factor *= 128) {
      if (position >= end) return this.fail('a number is cut off');
      const byte = bytes[position] as number;
      position += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        this.position = position;
        return value > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : value;
      }
    }
    return this.fail('a number is longer than 10 bytes');
  }

  /** The length of what follows, which lies before the end of the message at hand. */
  private length(): number {
    const length = this.varint();
    const left = this.end - this.position;
    return length > left ? this.fail(`a length of ${length} bytes where ${left} are left`) : length;
  }

  /** A view of the batch, not a copy; a plain `Uint8Array`, so that its `slice` copies. */
  view(): Uint8Array {
    const length = this.length();
    const { bytes, position } = this;
    this.position = position + length;
    return new Uint8Array(bytes.buffer, bytes.byteOffset + position, length);
  }

  /** A string; bytes that are no UTF-8 read as U+FFFD. */
  text(): string {
    return this.slice(this.length());
  }

  private slice(length: number): string {
    const from = this.position;
    this.position = from + length;
    return length === 0 ? '' : this.bytes.toString('utf8', from, from + length);
  }

  /** The same as `text`, for strings that are likely to come again: short ASCII ones are made once. */
  word(): string {
    const length = this.length();
    if (length === 0 || length > longestWord) return this.slice(length);
    const { bytes, position } = this;
    const last = bytes[position + length - 1] as number;
    const place = ((bytes[position] as number) * 7 + last * 3 + length) & (places - 1);
    const word = words[place] as string;
    if (word.length === length && this.spells(word)) {
      this.position = position + length;
      return word;
    }
    const text = this.slice(length);
    // As many characters as bytes: each is ASCII or U+FFFD, and the latter equals no byte.
    if (text.length === length) words[place] = text;
    return text;
  }

  private spells(word: string): boolean {
    const { bytes, position } = this;
    for (let at = 0; at < word.length; at += 1) {
      if (bytes[position + at] !== word.charCodeAt(at)) return false;
    }
    return true;
  }

  /** Goes into a message; gives the end of the one around it, for `leave`. */
  enter(): number {
    const outer = this.end;
    const length = this.length();
    this.end = this.position + length;
    return outer;
  }

  /** Goes on behind a message that was read to its end or is broken. */
  leave(outer: number): void {
    this.broken = false;
    this.end = outer;
  }

  /** Steps over the field of a tag that has just been read. */
  skip(tag: number): void {
    if (tag < 8 || tag > 0xffff_ffff) this.fail(`no field has the tag ${tag}`);
    else if ((tag & 7) === 0) this.varint();
    else if ((tag & 7) === 1) this.step(8);
    else if ((tag & 7) === 2) this.step(this.length());
    else if ((tag & 7) === 5) this.step(4);
    else this.fail(`wire type ${tag & 7} is not used`);
  }

  private step(bytes: number): void {
    if (bytes > this.end - this.position) this.fail(`a field of ${bytes} bytes is cut off`);
    else this.position += bytes;
  }

  private fail(what: string): 0 {
    if (!this.lenient) throw new BusError('protocol', `not a batch: ${what}, at byte ${this.position}`);
    this.broken = true;
    this.position = this.end;
    return 0;
  }
}
