import { isDeepStrictEqual } from 'node:util';
import { textOf } from '../../errors/bus-error.js';
import type { Codec } from '../../handler/codec.js';
import { bounded, wasCut } from './bounded.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

/** How long one call of a codec may take, in milliseconds. */
const callMs = 1_000;

const samples: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  2 ** 31,
  2 ** 53 - 1,
  '',
  'text',
  'é ☃ 𝄞 \u0000 "\\',
  'x'.repeat(70_000),
  [],
  {},
  [1, [2, [3, []]], {}],
  { id: 7, name: 'frame', tags: ['a', 'b'], more: { nested: { deep: true }, none: null } },
  Array.from({ length: 1_000 }, (_, n) => ({ n })),
];

const garbage = (valid: readonly Uint8Array[]): readonly Uint8Array[] => [
  new Uint8Array(0),
  ...[0, 1, 127, 128, 255].map((byte) => Uint8Array.of(byte)),
  new Uint8Array(1_000).fill(255),
  new Uint8Array(1_000),
  ...[1, 7, 64, 1_000].map((size) => Uint8Array.from({ length: size }, (_, n) => (n * 151 + size) % 256)),
  ...valid.filter(({ length }) => length > 1).map((bytes) => bytes.slice(0, bytes.length >> 1)),
];

/** Each codec of the plugin, by itself. */
export const codecCases = (subject: Subject): readonly ConformanceCase[] =>
  (subject.contributes.codecs ?? []).flatMap(({ name }, index) => {
    const of = (what: string, body: (trial: Trial, codec: Codec) => void) =>
      caseOf(subject, `codec '${name}' ${what}`, async (trial) => {
        const codec = trial.subject.make().contributes?.codecs?.[index];
        if (codec) body(trial, codec);
      });
    return [
      of('gives back what it was given', roundTrips),
      of('lets nobody change a prototype', guardsPrototypes),
      of('bears bytes that are none of its own', bears),
    ];
  });

function encoded(trial: Trial, codec: Codec, value: unknown): Uint8Array | undefined {
  const { name } = codec;
  try {
    const bytes: unknown = bounded(() => codec.encode(value), callMs);
    if (bytes instanceof Uint8Array && bytes.byteLength > 0) return bytes;
    trial.blame(`has a codec '${name}' whose encode gives no Uint8Array with at least one byte, at once`);
  } catch (thrown) {
    if (wasCut(thrown)) trial.fail(`has a codec '${name}' whose encode hangs on ${shown(value)}`);
  }
  return undefined;
}

function roundTrips(trial: Trial, codec: Codec): void {
  let tried = 0;
  for (const value of samples) {
    const bytes = encoded(trial, codec, value);
    if (bytes === undefined) continue;
    tried += 1;
    try {
      const back = plain(bounded(() => codec.decode(bytes), callMs));
      if (!isDeepStrictEqual(back, value))
        trial.blame(
          `has a codec '${codec.name}' that gives ${shown(back)} for ${shown(value)}: throw in encode instead`,
        );
    } catch (thrown) {
      trial.blame(
        `has a codec '${codec.name}' that cannot read its own bytes of ${shown(value)}: ${textOf(thrown)}`,
      );
    }
  }
  if (tried === 0)
    trial.blame(`has a codec '${codec.name}' that encodes none of ${samples.length} plain values`);
}

function guardsPrototypes(trial: Trial, codec: Codec): void {
  const hostile: unknown = JSON.parse(
    '{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}',
  );
  const bytes = encoded(trial, codec, hostile);
  if (bytes === undefined) return;
  const back = bounded(() => codec.decode(bytes), callMs) as Record<string, object | undefined> | undefined;
  const keeps = (value: object | undefined, key: string) => value != null && Object.hasOwn(value, key);
  const constructorOf = keeps(back, 'constructor') ? back?.constructor : undefined;
  if (keeps(back, '__proto__') || keeps(constructorOf, 'prototype') || back?.polluted !== undefined)
    trial.fail(
      `has a codec '${codec.name}' that gives objects with __proto__ or constructor.prototype for keys: leave them out ` +
        'in decode',
    );
}

function bears(trial: Trial, codec: Codec): void {
  const valid = samples.flatMap((value) => encoded(trial, codec, value) ?? []);
  for (const bytes of garbage(valid)) {
    try {
      bounded(() => codec.decode(bytes), callMs);
    } catch (thrown) {
      if (wasCut(thrown))
        trial.fail(
          `has a codec '${codec.name}' whose decode still runs after ${callMs} ms for ${bytes.length} bytes that are ` +
            'none of its own: throw for what it cannot read',
        );
    }
  }
}

/** The value without the prototypes that a codec may leave out. */
const plain = (value: unknown): unknown =>
  value === undefined ? undefined : JSON.parse(JSON.stringify(value));

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
