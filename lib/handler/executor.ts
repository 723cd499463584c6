import { BusError } from '../errors/bus-error.js';
import type { Context, HandlerMessage } from './context.js';
import { closureCannotTravel, type HandlerModule } from './handler-module.js';
import type { Registration } from './registration.js';

/** Runs handlers somewhere else than on the event loop. */
export interface Executor {
  /** The value of the handler option `run` that asks for it: `thread`. */
  readonly run: string;
  /**
   * Runs the handler for one message and gives what it gives, as a handler does: a value, a promise or a stream; what it
   * throws becomes a fault. It must let go when `context.signal` fires. The payload is read and checked already.
   */
  execute(where: HandlerModule, message: HandlerMessage, context: Context): unknown;
}

/** The executors of one process, by the `run` that they answer to. */
export class Executors {
  readonly #byRun: ReadonlyMap<string, Executor>;

  constructor(contributed: readonly { readonly plugin: string; readonly executor: Executor }[]) {
    this.#byRun = new Map(contributed.map(({ executor }) => [executor.run, executor]));
  }

  /** Whether handlers can run so here. */
  has(run: string): boolean {
    return run === 'inline' || this.#byRun.has(run);
  }

  /**
   * A handler that runs where its option `run` says; one that runs inline is returned as it is. Gives `invalid-option`
   * if there is no executor for it.
   */
  bind(registration: Registration): Registration {
    const { module, options } = registration;
    const { run = 'inline' } = options;
    if (run === 'inline') return registration;
    const executor = this.#byRun.get(run);
    if (executor === undefined) throw new BusError('invalid-option', missingExecutor(registration));
    if (module === undefined)
      throw new BusError('invalid-option', `handler '${registration.type}': ${closureCannotTravel(run)}`);
    const handle: Registration['handle'] = (message, context) => executor.execute(module, message, context);
    return Object.freeze({ ...registration, handle });
  }
}

/** What is said of a handler whose `run` nobody provides. */
export const missingExecutor = ({ type, options: { run } }: Pick<Registration, 'type' | 'options'>): string =>
  `handler '${type}' wants run: '${run}', and no plugin contributes an executor for it`;
