import { BusError } from '../errors/bus-error.js';
import type { Context, HandlerMessage, Log } from './context.js';
import {
  type AnyContract,
  checkType,
  defineMessage,
  type HandlerInput,
  type HandlerOutput,
  type StreamContract,
} from './contract.js';
import { closureCannotTravel, type HandlerModule, wrongModule } from './handler-module.js';

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

/** How a handler runs, wherever that is. */
interface RunOptions<Payload> {
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
  /** Where it runs: `inline` (default), on the event loop, or with the executor of a plugin that answers to this name. */
  readonly run?: string;
}

/** How a function runs that handles messages. */
export interface HandlerOptions<Payload = unknown> extends RunOptions<Payload> {
  /** A closure cannot travel: what runs elsewhere is named by its module. */
  readonly run?: 'inline';
}

/** How a handler runs that is named by its module. Reading the payload, its check and `key` stay on the event loop. */
export interface ModuleOptions<Payload = unknown> extends RunOptions<Payload> {
  readonly run: string;
}

/** A handler and how it runs, as data. Made by `handler`; frozen. */
export interface Registration {
  readonly type: string;
  readonly contract: AnyContract;
  /** Of a handler that is named by its module: throws until an executor is bound to it. */
  readonly handle: (message: HandlerMessage, context: Context) => unknown;
  readonly module?: HandlerModule;
  readonly options: RunOptions<unknown>;
  /** Name of the plugin that it belongs to; absent for the application's own. */
  readonly plugin?: string;
  /** Where its plugin writes; absent for the application's own, which write where the hub or worker does. */
  readonly log?: Log;
}

// The typed form comes last: where no overload fits, the compiler explains the last one.
/** Binds a function to a plain message type, without types. */
export function handler(
  type: string,
  handle: (message: HandlerMessage, context: Context) => unknown,
  options?: HandlerOptions,
): Registration;
/**
 * Binds what a module exports to a contract or plain message type, to run where `options.run` says. The compiler cannot
 * compare the contract with the module.
 */
export function handler<C extends AnyContract>(
  message: C | string,
  place: HandlerModule,
  options: ModuleOptions<HandlerInput<C>>,
): Registration;
/**
 * Binds a function to a contract. Gives `invalid-option`, naming the handler, for a function that is none, for a place
 * that is none, and for options that make no sense.
 */
export function handler<C extends AnyContract>(
  contract: C,
  handle: Handle<C>,
  options?: HandlerOptions<HandlerInput<C>>,
): Registration;
export function handler(
  named: AnyContract | string,
  target: ((message: HandlerMessage<never>, context: Context) => unknown) | HandlerModule,
  options: RunOptions<never> = {},
): Registration {
  const contract: AnyContract = typeof named === 'string' ? defineMessage(named) : named;
  checkType(contract?.type);
  const { type } = contract;
  const wrong = wrongOption(options) ?? wrongTarget(target, options.run ?? 'inline');
  if (wrong !== undefined) throw new BusError('invalid-option', `handler '${type}': ${wrong}`);
  const frozen = Object.freeze({ ...(options as RunOptions<unknown>) });
  return Object.freeze(
    typeof target === 'function'
      ? { type, contract, handle: target as Registration['handle'], options: frozen }
      : { type, contract, handle: unbound(type), module: Object.freeze({ ...target }), options: frozen },
  );
}

const unbound = (type: string) => (): never => {
  throw new BusError(
    'invalid-option',
    `handler '${type}' is named by its module, and no executor is bound to it`,
  );
};

function wrongTarget(target: unknown, run: string): string | undefined {
  if (typeof target === 'function') return run === 'inline' ? undefined : closureCannotTravel(run);
  const wrong = wrongModule(target);
  if (wrong !== undefined || run !== 'inline') return wrong;
  return "it is named by its module: say with run where it runs, such as run: 'thread'";
}

const rules: Readonly<
  Record<keyof RunOptions<unknown>, readonly [holds: (value: unknown) => boolean, rule: string]>
> = {
  concurrency: [(value) => Number.isSafeInteger(value) && (value as number) > 0, 'a positive integer'],
  key: [(value) => typeof value === 'function', 'a function from the payload to a string or number'],
  timeoutMs: [
    (value) => Number.isFinite(value) && (value as number) > 0,
    'a positive number of milliseconds',
  ],
  run: [(value) => typeof value === 'string' && value !== '', "a text such as 'inline' or 'thread'"],
};

function wrongOption(options: object): string | undefined {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(rules, name))
      return `there is no option '${name}'; there are ${Object.keys(rules).join(', ')}`;
    const [holds, rule] = rules[name as keyof typeof rules];
    if (value !== undefined && !holds(value)) return `${name} must be ${rule}, not ${shown(value)}`;
  }
  return undefined;
}

const shown = (value: unknown) => (typeof value === 'object' ? 'an object' : String(value));
