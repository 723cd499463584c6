import { BusError, textOf } from '../errors/bus-error.js';
import type { ErrorCode } from '../errors/code.js';
import { parametersOf } from './inject.js';
import type { Owner } from './injection.js';
import type { Lifetime } from './lifetime.js';
import { missingText, outlivesText, ownerText, pathText, ringText, type Step } from './problem.js';
import type { InjectableClass } from './provider.js';
import type { Services } from './services.js';
import type { Token } from './token.js';

/** Builds services, and knows while it does what needs what: building is synchronous, so one path is enough. */
export class Builder {
  readonly #path: Step[] = [];
  /** Errors that have their path already. */
  readonly #told = new WeakSet<object>();

  constructor(private readonly owners: readonly Owner[]) {}

  /** What `create` gives, kept in a lifetime. Throws `plugin` with the path if it needs itself or fails, `closed` at its end. */
  make<T>(step: Step, lifetime: Lifetime, create: () => T): T {
    const begin = this.#path.findIndex(({ made }) => made === step.made);
    if (begin >= 0) throw this.#error('plugin', ringText([...this.#path.slice(begin), step]));
    this.#path.push(step);
    try {
      if (lifetime.obstacle !== undefined)
        throw this.#error('closed', `${this.#where(step)} cannot be built: ${lifetime.obstacle}`);
      const service = create();
      lifetime.keep(step, service);
      return service;
    } catch (thrown) {
      if (this.#told.has(Object(thrown))) throw thrown;
      throw this.#error('plugin', `${this.#where(step)} failed: ${textOf(thrown)}`, { cause: thrown });
    } finally {
      this.#path.pop();
    }
  }

  /** The error for a token that its asker does not see. */
  missing(token: Token<unknown>, owner: string | undefined): BusError {
    return this.#error('plugin', missingText(token, owner, this.#path, this.owners));
  }

  /** The error for a service of a session, asked for outside of one. */
  outlives(token: Token<unknown>, owner: string | undefined): BusError {
    return this.#error('plugin', outlivesText(token, owner, this.#path));
  }

  #where = ({ owner }: Step): string => `${ownerText(owner)}: ${pathText(this.#path, owner)}`;

  #error(code: ErrorCode, text: string, cause?: { readonly cause: unknown }): BusError {
    const error = new BusError(code, text, cause);
    this.#told.add(error);
    return error;
  }
}

/** An instance of a class, its parameters taken from services. */
export function construct<T>(Class: InjectableClass<T>, services: Services): T {
  const parameters = parametersOf(Class);
  if (typeof parameters === 'string') throw new BusError('plugin', parameters);
  return new Class(...parameters.map((token) => services.get(token)));
}
