import type { Reader } from './reader.js';
import type { Type } from './type.js';
import type { Writer } from './writer.js';

/**
 * When a field is on the wire and in the decoded object. `plain`: always in the object, on the wire unless it is the
 * default. `optional`: wherever it was set. `filled`: in either only unless it is the default.
 */
type Presence = 'plain' | 'optional' | 'filled';

/** One field of a message: its number in bus.proto, its type, when it is there. */
export interface Row {
  readonly number: number;
  readonly type: Type;
  readonly presence: Presence;
}

export const plain = (number: number, type: Type): Row => ({ number, type, presence: 'plain' });
export const optional = (number: number, type: Type): Row => ({ number, type, presence: 'optional' });
export const filled = (number: number, type: Type): Row => ({ number, type, presence: 'filled' });

interface Field extends Row {
  readonly name: string;
  readonly tag: number;
}

/** A message of bus.proto as data: what the cold frames are written and read by. */
export interface Layout {
  /** `kind` of the decoded object; nested messages have none. */
  readonly kind: string | undefined;
  readonly fields: readonly Field[];
  /** Where the field of a tag stands in `fields`. A known field in another wire type is not in it, so it is skipped. */
  readonly places: ReadonlyMap<number, number>;
}

export function layout<T extends object>(
  kind: (T extends { readonly kind: infer K } ? K : undefined) & (string | undefined),
  rows: { readonly [K in Exclude<keyof T, 'kind'>]-?: Row },
): Layout {
  const fields = Object.entries<Row>(rows).map(([name, row]) => ({
    name,
    tag: row.number * 8 + row.type.wire,
    ...row,
  }));
  return { kind, fields, places: new Map(fields.map((field, place) => [field.tag, place])) };
}

export function writeFields(writer: Writer, { fields }: Layout, source: object): void {
  for (const { name, tag, type, presence } of fields) {
    const value = (source as Record<string, unknown>)[name];
    if (value === undefined || (presence !== 'optional' && type.isInitial(value))) continue;
    type.write(writer, tag, value);
  }
}

const defaults = ({ fields }: Layout): unknown[] =>
  fields.map(({ presence, type }) => (presence === 'plain' ? type.initial() : undefined));

/** The keys are in the order of the layout, whatever the order on the wire. */
function assemble({ kind, fields }: Layout, values: readonly unknown[]): object {
  const result: Record<string, unknown> = kind === undefined ? {} : { kind };
  for (const [place, { name, presence, type }] of fields.entries()) {
    const value = values[place];
    if (value === undefined || (presence === 'filled' && type.isInitial(value))) continue;
    result[name] = value;
  }
  return result;
}

/** Reads up to the reader's end. */
export function readFields(reader: Reader, layout: Layout): object {
  const values = defaults(layout);
  while (reader.position < reader.end) {
    const tag = reader.varint();
    const place = layout.places.get(tag);
    if (place === undefined) {
      reader.skip(tag);
      continue;
    }
    const value = (layout.fields[place] as Field).type.read(reader, values[place]);
    if (!reader.broken) values[place] = value;
  }
  return assemble(layout, values);
}

/** A message within a message. Malformed in a lenient one, it counts as not sent. */
export const nested = (inner: Layout): Type => ({
  wire: 2,
  initial: () => assemble(inner, defaults(inner)),
  isInitial: () => false,
  write(writer, tag, value) {
    const mark = writer.open(tag, 0);
    writeFields(writer, inner, value as object);
    writer.close(mark, 0);
  },
  read(reader, before) {
    const outer = reader.enter();
    if (reader.broken) return before;
    const value = readFields(reader, inner);
    const wasBroken = reader.broken;
    reader.leave(outer);
    return wasBroken ? before : value;
  },
});

/** Any number of one message within a message, each in a field of its own. */
export const several = (inner: Layout): Type => {
  const one = nested(inner);
  return {
    wire: 2,
    initial: () => [],
    isInitial: (value) => (value as readonly object[]).length === 0,
    write(writer, tag, value) {
      for (const each of value as readonly object[]) one.write(writer, tag, each);
    },
    read(reader, before) {
      const each = one.read(reader, undefined);
      if (each !== undefined) (before as unknown[]).push(each);
      return before;
    },
  };
};
