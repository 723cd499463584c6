import { BusError } from '../errors/bus-error.js';
import { isCodecName } from './codec.js';
import type { Schema, SchemaInput, SchemaOutput } from './standard-schema.js';

/** The types of a contract. They exist for the compiler alone. */
interface ContractTypes {
  readonly kind: 'request' | 'stream';
  /** What the sender passes. */
  readonly sent: unknown;
  /** What the handler receives: `sent`, as the payload's schema gives it. */
  readonly handled: unknown;
  /** What the handler gives: the reply, or one item of the stream. */
  readonly given: unknown;
  /** What the requester receives: `given`, as the reply's or the item's schema gives it. */
  readonly received: unknown;
}

/** The typed definition of a message, shared by both sides. Made by `defineMessage`; frozen. */
export interface AnyContract {
  /** The message type: its name on the wire. */
  readonly type: string;
  /** Checks the payload, at the handler's side. */
  readonly payload?: Schema;
  /** Checks the reply, at the requester's side. */
  readonly reply?: Schema;
  /** Checks each item of a stream of replies, at the requester's side. */
  readonly stream?: Schema;
  /** The form in which the payload travels, and whatever answers it; JSON unless given. */
  readonly codec?: string;
  /** Carries the types; never there at run time. */
  readonly '~types'?: ContractTypes;
}

/** A message with one reply, or none (`void`): for publish, send and request. */
export interface RequestContract<Sent = unknown, Received = unknown, Handled = Sent, Given = Received>
  extends AnyContract {
  readonly '~types'?: { kind: 'request'; sent: Sent; handled: Handled; given: Given; received: Received };
}

/** A message that is answered by a stream of items: for `stream` alone. */
export interface StreamContract<Sent = unknown, Received = unknown, Handled = Sent, Given = Received>
  extends AnyContract {
  readonly '~types'?: { kind: 'stream'; sent: Sent; handled: Handled; given: Given; received: Received };
}

/** Stands for a reply that is a stream, where no schema says so: `defineMessage<Query, StreamOf<Line>>('tail')`. */
export interface StreamOf<Item> {
  readonly '~item': Item;
}

type TypesOf<C extends AnyContract> = NonNullable<C['~types']>;

/** What the sender of a message passes as its payload. */
export type SendInput<C extends AnyContract> = TypesOf<C>['sent'];
/** What the requester receives: the reply, or one item of the stream. */
export type SendOutput<C extends AnyContract> = TypesOf<C>['received'];
/** What the handler receives as the payload. */
export type HandlerInput<C extends AnyContract> = TypesOf<C>['handled'];
/** What the handler gives: the reply, or one item of the stream. */
export type HandlerOutput<C extends AnyContract> = TypesOf<C>['given'];

/** `any` as a reply stays a reply. */
type IsAny<T> = 0 extends 1 & T ? true : false;
type ContractOf<Sent, Reply> =
  IsAny<Reply> extends true
    ? RequestContract<Sent, Reply>
    : [Reply] extends [StreamOf<infer Item>]
      ? StreamContract<Sent, Item>
      : RequestContract<Sent, Reply>;

type Nothing = Schema<void, void>;

/** What follows the contract in a call: the payload, which may be left out where nothing travels, and options. */
export type PayloadAndOptions<C extends AnyContract, Options> =
  | [payload: SendInput<C>, options?: Options]
  | (IsAny<SendInput<C>> extends true ? never : [SendInput<C>] extends [SchemaInput<Nothing>] ? [] : never);

/**
 * Defines a message: its type on the wire, and what travels. Without schemas the types are promised, not checked;
 * `void` (the default) means that nothing travels. A schema is any Standard Schema validator (zod, valibot,
 * arktype); each is applied once, at the receiver.
 *
 * `codec` names the form in which payload, reply and items travel: one that a plugin contributes, on both sides.
 * Without it, or as `json`, a `Uint8Array` passes as it is and anything else is JSON.
 *
 * Gives `invalid-option` for a type that is empty, longer than 255 bytes, has control characters or begins with
 * `drumline.`, for a schema that is none, and for a codec that cannot be named so.
 */
export function defineMessage<Sent = void, Reply = void>(
  type: string,
  options?: {
    readonly codec?: string;
    readonly payload?: never;
    readonly reply?: never;
    readonly stream?: never;
  },
): ContractOf<Sent, Reply>;
export function defineMessage<Item extends Schema, Payload extends Schema = Nothing>(
  type: string,
  options: {
    readonly payload?: Payload;
    readonly stream: Item;
    readonly reply?: never;
    readonly codec?: string;
  },
): StreamContract<SchemaInput<Payload>, SchemaOutput<Item>, SchemaOutput<Payload>, SchemaInput<Item>>;
export function defineMessage<Payload extends Schema = Nothing, Reply extends Schema = Nothing>(
  type: string,
  options: {
    readonly payload?: Payload;
    readonly reply?: Reply;
    readonly stream?: never;
    readonly codec?: string;
  },
): RequestContract<SchemaInput<Payload>, SchemaOutput<Reply>, SchemaOutput<Payload>, SchemaInput<Reply>>;
export function defineMessage(type: string, options: Omit<AnyContract, 'type' | '~types'> = {}): AnyContract {
  checkType(type);
  const contract: { -readonly [Key in keyof AnyContract]: AnyContract[Key] } = { type };
  for (const part of ['payload', 'reply', 'stream'] as const) {
    const schema = options[part];
    if (schema === undefined) continue;
    if (typeof schema?.['~standard']?.validate !== 'function')
      throw new BusError('invalid-option', `'${type}': its ${part} is no Standard Schema validator`);
    contract[part] = schema;
  }
  if (contract.reply && contract.stream)
    throw new BusError('invalid-option', `'${type}' has both a reply and a stream: choose one`);
  const { codec } = options;
  if (codec === undefined) return Object.freeze(contract);
  if (codec !== 'json' && !isCodecName(codec))
    throw new BusError('invalid-option', `'${type}': its codec ${wrongCodec(codec)}`);
  return Object.freeze({ ...contract, codec });
}

function wrongCodec(codec: unknown): string {
  if (codec === 'bytes') return "cannot be 'bytes': leave it out, and a Uint8Array passes as it is";
  const shown = typeof codec === 'string' ? JSON.stringify(codec.slice(0, 80)) : `a ${typeof codec}`;
  return `must be 1 to 64 lower-case letters, digits, '-', '.' and '+', beginning with a letter or digit, not ${shown}`;
}

const unprintable = /[\p{Cc}\p{Cs}]/u;

/** Gives `invalid-option` unless the string can name a message of the application. */
export function checkType(type: string): void {
  const wrong = faultOfType(type);
  if (wrong !== undefined)
    throw new BusError(
      'invalid-option',
      `message type ${JSON.stringify(type)} ${wrong}: choose another name`,
    );
}

function faultOfType(type: unknown): string | undefined {
  if (typeof type !== 'string') return 'is no string';
  if (type === '') return 'is empty';
  if (Buffer.byteLength(type) > 255) return 'is longer than 255 bytes';
  if (unprintable.test(type)) return 'has control characters or half a surrogate pair';
  if (type.startsWith('drumline.')) return "begins with 'drumline.', which is reserved";
  return undefined;
}
