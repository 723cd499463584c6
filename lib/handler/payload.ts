import { BusError, textOf } from '../errors/bus-error.js';

/** A value as it travels. */
export interface Encoded {
  /** Empty for `undefined`. */
  readonly payload: Uint8Array;
  /** '' is JSON, 'bytes' is none, any other is the name of a contributed codec. */
  readonly codec: string;
}

/** Which part of a message a payload is, for the text of an error. */
export type Part = 'payload' | 'reply' | 'item' | 'details';

const nothing: Encoded = Object.freeze({ payload: new Uint8Array(0), codec: '' });

/**
 * A value as JSON; `undefined` as no bytes; a `Uint8Array` as it is, not copied. What JSON leaves out or changes
 * (nested functions, dates) is left out or changed here too. Gives `unserialisable` for a cycle, a BigInt, a function
 * or symbol, or a `toJSON` that throws.
 */
export function encodePayload(value: unknown, type = '', part: Part = 'payload'): Encoded {
  if (value === undefined) return nothing;
  let reason: string | undefined;
  let cause: unknown;
  try {
    if (value instanceof Uint8Array) return { payload: value, codec: 'bytes' };
    const text = JSON.stringify(value) as string | undefined;
    if (text !== undefined) return { payload: Buffer.from(text), codec: '' };
  } catch (thrown) {
    reason = textOf(thrown);
    cause = thrown;
  }
  const why = reason ?? `a ${typeof value} is no data`;
  throw new BusError('unserialisable', `the ${part} of '${type}' cannot be encoded: ${why}`, { cause });
}

/** The value of JSON or bytes. Gives `invalid-payload` for bytes that are no JSON, and for another codec. */
export function decodePayload(
  payload: Uint8Array,
  codec: string,
  type = '',
  part: Part = 'payload',
): unknown {
  if (codec === 'bytes') return payload;
  if (codec !== '' && codec !== 'json') {
    // The name comes from the peer, and the text goes back to it.
    const missing = `its receiver has no codec '${codec.slice(0, 64)}': list a plugin that contributes it there`;
    throw new BusError('invalid-payload', `the ${part} of '${type}' cannot be read: ${missing}`);
  }
  if (payload.byteLength === 0) return undefined;
  try {
    return parseJson(utf8.decode(payload));
  } catch (thrown) {
    throw new BusError('invalid-payload', `the ${part} of '${type}' is no JSON: ${textOf(thrown)}`, {
      cause: thrown,
    });
  }
}

// Measured at 256 B: half the time of Buffer.toString, and it does not let broken text pass.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * `JSON.parse` whose objects have neither `__proto__` nor `constructor.prototype` as keys of their own, so that code
 * which merges them later cannot change a prototype. Throws what `JSON.parse` throws.
 */
export function parseJson(text: string): unknown {
  return suspicious.test(text) ? JSON.parse(text, withoutPrototypes) : JSON.parse(text);
}

// Any letter of the two keys can also be written as \u005f to \u0075.
const suspicious = /__proto__|constructor|\\u00[567]/i;

function withoutPrototypes(key: string, value: unknown): unknown {
  if (key === '__proto__') return undefined;
  const leads = key === 'constructor' && typeof value === 'object' && value !== null;
  return leads && Object.hasOwn(value, 'prototype') ? undefined : value;
}
