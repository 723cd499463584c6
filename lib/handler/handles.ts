import { BusError } from '../errors/bus-error.js';
import { className, refuseStandard } from '../services/decorator.js';
import type { Context, HandlerMessage } from './context.js';
import type { AnyContract, HandlerInput } from './contract.js';
import { type Handle, type HandlerOptions, handler } from './registration.js';

// Under a registered symbol, so that classes decorated by another installed copy of the package work.
const key = Symbol.for('drumline.handles');

/** A method of a controller that handles a message. */
export interface HandledMethod {
  readonly contract: AnyContract;
  readonly options: HandlerOptions;
  readonly method: string | symbol;
}

type MethodDecoratorOf<H> = <Method extends H>(
  target: object,
  method: string | symbol,
  descriptor: TypedPropertyDescriptor<Method>,
) => void;

// The typed form comes last: where no overload fits, the compiler explains the last one.
/** Marks a method as the handler of a plain message type, without types. */
export function handles(
  type: string,
  options?: HandlerOptions,
): MethodDecoratorOf<(message: HandlerMessage, context: Context) => unknown>;
/**
 * Marks a method of a controller as the handler of a message. The method must be what `handler` takes for the contract.
 * A method that overrides it handles the message too; one with a `@handles` of its own handles what that says instead.
 *
 * Gives `invalid-option` for what `handler` refuses, on anything but a method of an instance, and for a second method
 * of the class with the same message type. Needs `experimentalDecorators`.
 */
export function handles<C extends AnyContract>(
  contract: C,
  options?: HandlerOptions<HandlerInput<C>>,
): MethodDecoratorOf<Handle<C>>;
export function handles(named: AnyContract | string, options: HandlerOptions<never> = {}) {
  return (
    target: object,
    method: string | symbol,
    descriptor: { readonly value?: unknown } | undefined,
  ): void => {
    refuseStandard('handles', method);
    if (typeof target === 'function' || typeof descriptor?.value !== 'function')
      throw new BusError(
        'invalid-option',
        `@handles stands on ${placeOf(target, method)}: it belongs on a method that is not static`,
      );
    const made = handler(
      named as AnyContract,
      descriptor.value as Handle<AnyContract>,
      options as HandlerOptions,
    );
    const own = ownMethods(target);
    const other = own.find(({ contract }) => contract.type === made.type);
    if (other !== undefined)
      throw new BusError(
        'invalid-option',
        `${className(target.constructor)} handles '${made.type}' twice: with '${String(other.method)}' and with ` +
          `'${String(method)}'`,
      );
    const mark: HandledMethod = { contract: made.contract, options: made.options as HandlerOptions, method };
    Object.defineProperty(target, key, { value: [...own, Object.freeze(mark)], configurable: true });
  };
}

/**
 * The methods of a class that handle messages, those of the classes that it extends first. Two of them may have the
 * same message type if one is inherited.
 */
export function handledBy(Class: { readonly prototype: unknown }): readonly HandledMethod[] {
  return typeof Class.prototype === 'object' ? methodsOf(Class.prototype) : [];
}

function methodsOf(prototype: object | null): readonly HandledMethod[] {
  if (prototype === null) return [];
  const own = ownMethods(prototype);
  const anew = new Set(own.map(({ method }) => method));
  return [...methodsOf(Object.getPrototypeOf(prototype)).filter(({ method }) => !anew.has(method)), ...own];
}

const ownMethods = (prototype: object): readonly HandledMethod[] =>
  Object.hasOwn(prototype, key) ? (prototype as { [key]: HandledMethod[] })[key] : [];

function placeOf(target: object, member: unknown): string {
  if (typeof target !== 'function') return `'${String(member)}' of ${className(target.constructor)}`;
  return member === undefined ? className(target) : `the static '${String(member)}' of ${className(target)}`;
}
