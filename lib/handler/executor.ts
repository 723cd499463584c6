import { BusError } from '../errors/bus-error.js';
import type { Context, HandlerMessage } from './context.js';
import { isBusError, messageOf } from './fault.js';
import { closureCannotTravel, type HandlerModule } from './handler-module.js';
import type { Registration } from './registration.js';

/** Runs handlers somewhere else than on the event loop. */
export interface Executor {
  /** The value of the handler option `run` that asks for it: `thread`. */
  readonly run: string;
  /**
   * Runs the handler for one message and gives what it gives, as a handler does: a value, a promise or a stream; what it
   * throws becomes a fault; if that is no `BusError` and comes at once, with the plugin's name as `details.executor`. It must let go when `context.signal` fires. The payload is read and checked already.
   */
  execute(where: HandlerModule, message: HandlerMessage, context: Context): unknown;
}

/** The executors of one process, by the `run` that they answer to. */
export class Executors {
  readonly #byRun: ReadonlyMap<string, OwnedExecutor>;

  constructor(contributed: readonly OwnedExecutor[]) {
    this.#byRun = new Map(contributed.map((owned) => [owned.executor.run, owned]));
  }

  /**
   * A handler that runs where its option `run` says; one that runs inline is returned as it is. Gives `invalid-option`
   * if there is no executor for it.
   */
  bind(registration: Registration): Registration {
    const { module, options } = registration;
    const { run = 'inline' } = options;
    if (run === 'inline') return registration;
    const owned = this.#byRun.get(run);
    if (owned === undefined) throw new BusError('invalid-option', missingExecutor(registration));
    if (module === undefined)
      throw new BusError('invalid-option', `handler '${registration.type}': ${closureCannotTravel(run)}`);
    const { plugin, executor } = owned;
    const handle: Registration['handle'] = (message, context) => {
      try {
        return executor.execute(module, message, context);
      } catch (thrown) {
        if (isBusError(thrown)) throw thrown;
        // It may be the executor's own error or the handler's: who looks into it is told of both.
        throw new BusError('handler-failed', messageOf(thrown), {
          details: { executor: plugin },
          cause: thrown,
        });
      }
    };
    return Object.freeze({ ...registration, handle });
  }
}

/** An executor and the plugin that it belongs to. */
interface OwnedExecutor {
  readonly plugin: string;
  readonly executor: Executor;
}

/** What is said of a handler whose `run` nobody provides. */
export const missingExecutor = ({ type, options: { run } }: Pick<Registration, 'type' | 'options'>): string =>
  `handler '${type}' wants run: '${run}', and no plugin contributes an executor for it`;
