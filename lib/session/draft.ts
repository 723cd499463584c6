import { BusError } from '../errors/bus-error.js';
import { type Codecs, standardCodecs } from '../handler/codec.js';
import type { AnyContract } from '../handler/contract.js';
import { type AnyMessage, contractOf } from '../handler/verbs.js';
import type { Draft } from './call.js';
import { type Payload, Publish } from './publish.js';

/** What is left to know of a message once it has left: for its reply, and for texts. */
export interface Form {
  readonly type: string;
  readonly contract: AnyContract;
  /** What it was encoded with; reads the reply. */
  readonly codecs: Codecs;
}

/** Encoded once, however many workers it goes to. */
export interface Encoded extends Form, Payload {}

/** Which try of a call this is, and the id that all its tries share. */
export interface Attempt {
  readonly attempt: number;
  readonly id: string;
}

const firstAttempt: Attempt = { attempt: 1, id: '' };

/** What a message may have in headers, in UTF-16 units: with its type it fits beside the largest payload. */
const maxHeaders = 16_384;

/**
 * A payload in the codec of its contract. Throws `unserialisable`, and `invalid-option` for a message type that cannot
 * be one.
 */
export function encode(message: AnyMessage, payload: unknown, codecs: Codecs = standardCodecs): Encoded {
  const contract = contractOf(message);
  const { type } = contract;
  const { payload: bytes, codec } = codecs.encode(contract.codec ?? '', payload, type, 'payload');
  return { type, contract, payload: bytes, codec, codecs };
}

/** A message as it is put on its way. Throws `unserialisable` and `too-large` for headers that cannot travel. */
export const draft = (
  { type, payload, codec }: Encoded,
  expects: Draft['expects'],
  deadlineAt: number,
  headers: Readonly<Record<string, string>> | undefined,
  { attempt, id }: Attempt = firstAttempt,
): Draft => ({
  type,
  payload,
  codec,
  expects,
  deadlineAt: deadlineAt === Number.POSITIVE_INFINITY ? 0 : deadlineAt,
  attempt,
  id,
  ...(headers === undefined ? {} : { headers: texts(headers, type) }),
});

/** A message for which nobody waits. Throws the same. */
export const publishOf = (payload: Payload, headers: Draft['headers']): Publish =>
  new Publish(payload, headers && texts(headers, payload.type));

/** Throws `unserialisable` and `too-large` now: what cannot be written or read later, would break the link at each replay. */
function texts(headers: Readonly<Record<string, string>>, type: string): Readonly<Record<string, string>> {
  if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers)
    throw new BusError('unserialisable', `the headers of '${type}' must be a plain object of strings`);
  let length = 0;
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value !== 'string')
      throw new BusError(
        'unserialisable',
        `header '${name}' of '${type}' is a ${typeof value}, and must be a string`,
      );
    length += name.length + value.length;
  }
  if (length > maxHeaders)
    throw new BusError(
      'too-large',
      `the headers of '${type}' have ${length} characters, at most ${maxHeaders} are taken`,
    );
  return headers;
}
