import type { Reader } from './reader.js';
import type { Writer } from './writer.js';

/** A type of field: how its value is written and read. Repeated fields and maps write one element after another. */
export interface Type {
  /** The wire type of protobuf: 0 is a varint, 2 has a length. */
  readonly wire: 0 | 2;
  /** The value of a field that was not sent. */
  initial(): unknown;
  /** Whether proto3 leaves the value out. */
  isInitial(value: unknown): boolean;
  write(writer: Writer, tag: number, value: unknown): void;
  /** The value now read, given the one before: elements are added to it. */
  read(reader: Reader, before: unknown): unknown;
}

export const largestUint32 = 0xffff_ffff;
/** Keys that could reach a prototype; an entry under one of them is dropped. */
const forbidden = new Set(['__proto__', 'constructor', 'prototype']);

export const uint64: Type = {
  wire: 0,
  initial: () => 0,
  isInitial: (value) => !((value as number) > 0),
  write(writer, tag, value) {
    writer.varint(tag);
    writer.varint(value as number);
  },
  read: (reader) => reader.varint(),
};

/** Over 2^32 - 1 is cut to that, both ways. */
export const uint32: Type = {
  ...uint64,
  write: (writer, tag, value) => uint64.write(writer, tag, Math.min(value as number, largestUint32)),
  read: (reader) => Math.min(reader.varint(), largestUint32),
};

export const bool: Type = {
  wire: 0,
  initial: () => false,
  isInitial: (value) => value !== true,
  write(writer, tag, value) {
    writer.varint(tag);
    writer.varint(value === true ? 1 : 0);
  },
  read: (reader) => reader.varint() !== 0,
};

export const text: Type = {
  wire: 2,
  initial: () => '',
  isInitial: (value) => value === '',
  write(writer, tag, value) {
    writer.varint(tag);
    writer.text(value as string);
  },
  read: (reader) => reader.text(),
};

export const texts: Type = {
  wire: 2,
  initial: () => [],
  isInitial: (value) => (value as readonly string[]).length === 0,
  write(writer, tag, value) {
    for (const each of value as readonly string[]) text.write(writer, tag, each);
  },
  read(reader, before) {
    const each = reader.text();
    if (!reader.broken) (before as string[]).push(each);
    return before;
  },
};

const keyTag = 0x0a;
const valueTag = 0x12;

export const map: Type = {
  wire: 2,
  initial: () => ({}),
  isInitial: (value) => Object.keys(value as object).length === 0,
  write(writer, tag, value) {
    for (const [key, each] of Object.entries(value as Record<string, string>)) {
      const mark = writer.open(tag, 0);
      text.write(writer, keyTag, key);
      text.write(writer, valueTag, each);
      writer.close(mark, 0);
    }
  },
  read(reader, before) {
    const outer = reader.enter();
    if (reader.broken) return before;
    let key = '';
    let value = '';
    while (reader.position < reader.end) {
      const tag = reader.varint();
      if (tag === keyTag) key = reader.word();
      else if (tag === valueTag) value = reader.text();
      else reader.skip(tag);
    }
    if (!reader.broken && !forbidden.has(key)) (before as Record<string, string>)[key] = value;
    reader.leave(outer);
    return before;
  },
};
