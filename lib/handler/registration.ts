import { BusError } from '../errors/bus-error.js';
import type { Context, HandlerMessage } from './context.js';
import {
  type AnyContract,
  checkType,
  defineMessage,
  type HandlerInput,
  type HandlerOutput,
  type StreamContract,
} from './contract.js';

/** An observable of RxJS or of another library. */
export interface Subscribable<Item> {
  subscribe(observer: { next(item: Item): void; error(thrown: unknown): void; complete(): void }): {
    unsubscribe(): void;
  };
}

/**
 * What a handler can stream. Iterables are only advanced while the consumer has room; an observable cannot be paused,
 * so it fails with `overflow` once it is 1,024 items ahead.
 */
export type Streamable<Item> = AsyncIterable<Item> | Iterable<Item> | Subscribable<Item>;

type OrPromise<T> = T | PromiseLike<T>;

/** What a handler returns: the reply, or the stream of items, or a promise of it. */
export type HandlerResult<C extends AnyContract> = C extends StreamContract
  ? OrPromise<Streamable<HandlerOutput<C>>>
  : OrPromise<HandlerOutput<C>>;

/** The function that handles a message. What it throws becomes a fault for the sender and stays without effect here. */
export type Handle<C extends AnyContract> = (
  message: HandlerMessage<HandlerInput<C>>,
  context: Context,
) => HandlerResult<C>;

/** How a handler runs. */
export interface HandlerOptions<Payload = unknown> {
  /**
   * How many messages it handles at a time, over all keys; 1 is one at a time, in order. Half of the lane's slots
   * unless given.
   */
  readonly concurrency?: number;
  /** Messages with the same key are handled one at a time, in order; those with different keys side by side. */
  readonly key?: (payload: Payload) => string | number;
  /**
   * Milliseconds until the sender gets `timeout` and the signal fires, counted from the start and, for a stream, up to
   * its end. None unless given.
   */
  readonly timeoutMs?: number;
}

/** A handler and how it runs, as data. Made by `handler`; frozen. */
export interface Registration {
  readonly type: string;
  readonly contract: AnyContract;
  readonly handle: (message: HandlerMessage, context: Context) => unknown;
  readonly options: HandlerOptions;
  /** Name of the plugin that it belongs to; absent for the application's own. */
  readonly plugin?: string;
}

// The typed form comes last: where no overload fits, the compiler explains the last one.
/** Binds a function to a plain message type, without types. */
export function handler(
  type: string,
  handle: (message: HandlerMessage, context: Context) => unknown,
  options?: HandlerOptions,
): Registration;
/**
 * Binds a function to a contract. Gives `invalid-option`, naming the handler, for a function that is none and for
 * options that make no sense.
 */
export function handler<C extends AnyContract>(
  contract: C,
  handle: Handle<C>,
  options?: HandlerOptions<HandlerInput<C>>,
): Registration;
export function handler(
  named: AnyContract | string,
  handle: (message: HandlerMessage<never>, context: Context) => unknown,
  options: HandlerOptions<never> = {},
): Registration {
  const contract: AnyContract = typeof named === 'string' ? defineMessage(named) : named;
  checkType(contract?.type);
  checkOptions(contract.type, handle, options);
  return Object.freeze({
    type: contract.type,
    contract,
    handle: handle as Registration['handle'],
    options: Object.freeze({ ...(options as HandlerOptions) }),
  });
}

const rules: Readonly<
  Record<keyof HandlerOptions, readonly [holds: (value: unknown) => boolean, rule: string]>
> = {
  concurrency: [(value) => Number.isSafeInteger(value) && (value as number) > 0, 'a positive integer'],
  key: [(value) => typeof value === 'function', 'a function from the payload to a string or number'],
  timeoutMs: [
    (value) => Number.isFinite(value) && (value as number) > 0,
    'a positive number of milliseconds',
  ],
};

function checkOptions(type: string, handle: unknown, options: object): void {
  const refuse = (what: string) => {
    throw new BusError('invalid-option', `handler '${type}': ${what}`);
  };
  if (typeof handle !== 'function') refuse(`it is a ${typeof handle}, and must be a function`);
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name))
      refuse(`there is no option '${name}'; there are ${Object.keys(rules).join(', ')}`);
    const [holds, rule] = rules[name as keyof HandlerOptions];
    if (value !== undefined && !holds(value)) refuse(`${name} must be ${rule}, not ${shown(value)}`);
  }
}

const shown = (value: unknown) => (typeof value === 'object' ? 'an object' : String(value));
