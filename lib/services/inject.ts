import { BusError } from '../errors/bus-error.js';
import { className, refuseStandard } from './decorator.js';
import type { Token } from './token.js';

// Under registered symbols, so that classes decorated by another installed copy of the package work.
const marks = Symbol.for('drumline.inject');
const parameters = Symbol.for('drumline.injectable');

type Marks = (Token<unknown> | undefined)[];
// biome-ignore lint/suspicious/noExplicitAny: any class, whatever its constructor takes.
type AnyClass = abstract new (...parameters: any[]) => unknown;
type Decorated = AnyClass & { readonly [parameters]?: Readonly<Marks> };

/** `unknown`, which changes nothing, if a service of type `T` can be the parameter at `Index`, or if `T` is `unknown`. */
type Fitting<Class extends AnyClass, T, Index extends number> = unknown extends T
  ? unknown
  : [T] extends [ConstructorParameters<Class>[Index]]
    ? unknown
    : { readonly 'the token is of another type than the parameter': T };

/**
 * Says which service a constructor parameter is. A service of another type than the parameter is a compile error, as
 * far as the token has a type. Gives `invalid-option` anywhere but on a parameter of a constructor, and for what is no
 * token. Needs `experimentalDecorators`, and no `emitDecoratorMetadata`.
 */
export const inject =
  <T>(token: Token<T>) =>
  <Class extends AnyClass, Index extends number>(
    target: Class & Fitting<Class, T, Index>,
    member: undefined,
    index: Index,
  ): void => {
    refuseStandard('inject', member);
    if (typeof target !== 'function' || member !== undefined || typeof index !== 'number')
      throw new BusError(
        'invalid-option',
        `@inject stands on ${placeOf(target, member)}: it belongs on a parameter of a constructor`,
      );
    if (typeof token !== 'symbol')
      throw new BusError(
        'invalid-option',
        `@inject of parameter ${index + 1} of ${className(target)} has ${String(token)} for a token: make one with token()`,
      );
    own<Marks>(target, marks, [])[index] = token;
  };

/**
 * Makes the parameters of a class known; required on every class whose constructor has any. A class without a
 * constructor of its own has those of the class that it extends.
 */
export const injectable =
  () =>
  (target: AnyClass, context?: unknown): void => {
    refuseStandard('injectable', context);
    const marked = own<Marks>(target, marks, []);
    const count = Math.max(target.length, marked.length);
    const inherited = (target as Decorated)[parameters];
    const tokens = count === 0 && inherited ? inherited : Array.from({ length: count }, (_, i) => marked[i]);
    own(target, parameters, Object.freeze(tokens));
  };

/**
 * The tokens of a constructor's parameters, in order; or what is wrong with the class, in words. Parameters from the
 * first one with a default value on are left to their defaults, unless they carry `@inject`.
 */
export function parametersOf(Class: unknown): readonly Token<unknown>[] | string {
  if (!isClass(Class))
    return `${typeof Class === 'function' ? `function '${Class.name}'` : `a value of type ${typeof Class}`} is no class`;
  const ownOf = (key: symbol) => Object.hasOwn(Class, key);
  if (!ownOf(parameters) && (ownOf(marks) || Class.length > 0))
    return `${className(Class)} has constructor parameters and no @injectable()`;
  const tokens = Class[parameters] ?? [];
  const missing = tokens.indexOf(undefined);
  if (missing >= 0) return `parameter ${missing + 1} of ${className(Class)} has no @inject(TOKEN)`;
  return tokens as readonly Token<unknown>[];
}

/** Whether `new` can be called on it. */
function isClass(value: unknown): value is Decorated {
  if (typeof value !== 'function') return false;
  try {
    Reflect.construct(Object, [], value);
    return true;
  } catch {
    return false;
  }
}

/** What a class has under a key itself, not through the class that it extends. */
function own<Value>(target: object, key: symbol, initial: Value): Value {
  if (!Object.hasOwn(target, key)) Object.defineProperty(target, key, { value: initial });
  return (target as Record<symbol, Value>)[key] as Value;
}

function placeOf(target: unknown, member: unknown): string {
  if (member === undefined) return 'a class';
  const Class = typeof target === 'function' ? target : (target as object).constructor;
  return `'${String(member)}' of ${className(Class)}`;
}
