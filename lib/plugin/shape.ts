import { isCodecName } from '../handler/codec.js';
import type { AnyContract } from '../handler/contract.js';
import { handler } from '../handler/registration.js';
import type { Contributions } from './contributions.js';

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;
export const isList = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** What is kept of a value that is what it must be: read once, and frozen. `undefined` for anything else. */
type Keep = (value: unknown) => unknown;

const functionOf: Keep = (value) => (typeof value === 'function' ? value : undefined);

/** A method without its object, of which nothing is read again. */
export const methodOf = (method: unknown, of: object): unknown =>
  typeof method === 'function' ? Function.prototype.bind.call(method, of) : undefined;

const listOf =
  (keep: Keep): Keep =>
  (value) => {
    if (!isList(value)) return undefined;
    const kept = Array.from(value, keep);
    return kept.includes(undefined) ? undefined : Object.freeze(kept);
  };

const registrationOf: Keep = (value) => {
  if (!isObject(value)) return undefined;
  const { type, contract, handle, module = handle, options } = value;
  if (!isObject(contract) || typeof handle !== 'function' || !isObject(options)) return undefined;
  const frozen = Object.isFrozen(contract) ? contract : Object.freeze({ ...contract });
  try {
    const made = handler(frozen as unknown as AnyContract, module as never, options);
    return made.type === type ? made : undefined;
  } catch {
    return undefined;
  }
};

const interceptorOf: Keep = (value) => {
  if (typeof value === 'function') return value;
  if (!isObject(value)) return undefined;
  for (const side in value) if (side !== 'handler' && side !== 'send') return undefined;
  const { handler, send } = value;
  if (handler === undefined && send === undefined) return undefined;
  if ([handler, send].some((wrap) => wrap !== undefined && typeof wrap !== 'function')) return undefined;
  return Object.freeze({ handler: methodOf(handler, value), send: methodOf(send, value) });
};

const codecOf: Keep = (value) => {
  if (!isObject(value)) return undefined;
  const { name } = value;
  const [encode, decode] = [methodOf(value.encode, value), methodOf(value.decode, value)];
  return isCodecName(name) && encode && decode ? Object.freeze({ name, encode, decode }) : undefined;
};

const executorOf: Keep = (value) => {
  if (!isObject(value)) return undefined;
  const { run } = value;
  const execute = methodOf(value.execute, value);
  return typeof run === 'string' && run !== 'inline' && execute ? Object.freeze({ run, execute }) : undefined;
};

const sources = ['value', 'factory', 'class'] as const;
const providerOf: Keep = (value) => {
  if (!isObject(value)) return undefined;
  const { token, scope } = value;
  const [source, ...more] = sources.filter((name) => Object.hasOwn(value, name));
  if (typeof token !== 'symbol' || source === undefined || more.length > 0) return undefined;
  if (scope !== undefined && (scope !== 'session' || source === 'value')) return undefined;
  const given = value[source];
  if (source !== 'value' && typeof given !== 'function') return undefined;
  const made = source === 'factory' ? methodOf(given, value) : given;
  return Object.freeze({ token, [source]: made, ...(scope === undefined ? {} : { scope }) });
};

/** What each contribution must be, and what is kept of it. */
export const parts: Readonly<Record<keyof Contributions, readonly [keep: Keep, what: string]>> = {
  handlers: [listOf(registrationOf), 'list of what handler() gives'],
  interceptors: [listOf(interceptorOf), 'list of functions and of objects { handler, send }'],
  authenticate: [functionOf, 'function'],
  handshake: [listOf(functionOf), 'list of functions'],
  codecs: [
    listOf(codecOf),
    "list of { name, encode, decode }, named in lower case like 'msgpack', other than 'json' and 'bytes'",
  ],
  detector: [functionOf, 'function'],
  executors: [listOf(executorOf), "list of { run, execute }, with another run than 'inline'"],
  providers: [
    listOf(providerOf),
    "list of { token, value | factory | class, scope? }: the token made by token(), one source, the scope 'session' or " +
      'none (a value has none)',
  ],
  controllers: [listOf(functionOf), 'list of classes'],
  observers: [listOf(functionOf), 'list of functions'],
};

/** A value in a text: never a long one. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.slice(0, 64)}'`;
  if (isList(value)) return `[${value.slice(0, 8).map(shown).join(', ')}]`;
  return isObject(value) ? 'an object' : typeof value === 'function' ? 'a function' : String(value);
}
