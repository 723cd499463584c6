import { BusError } from '../errors/bus-error.js';
import { handledBy } from '../handler/handles.js';
import { handler, type Registration } from '../handler/registration.js';
import type { Injection } from '../services/injection.js';
import type { InjectableClass } from '../services/provider.js';
import type { Plugin } from './manifest.js';

type Controller = InjectableClass<object>;

/** The controllers of all plugins: each is built once, after its plugin's start, and forgotten when that stops. */
export class Controllers {
  readonly #built = new Map<Controller, object>();

  /** Its own handlers, and then those of its controllers: the decorated form is read into the functional one. */
  registrationsOf({
    contributes: { handlers = [], controllers = [] } = {},
  }: Plugin): readonly Registration[] {
    return [...handlers, ...controllers.flatMap((controller) => this.#read(controller))];
  }

  build({ manifest: { name }, contributes: { controllers = [] } = {} }: Plugin, injection: Injection): void {
    for (const controller of controllers) this.#built.set(controller, injection.build(name, controller));
  }

  forget({ contributes: { controllers = [] } = {} }: Plugin): void {
    for (const controller of controllers) this.#built.delete(controller);
  }

  #read(controller: Controller): Registration[] {
    return handledBy(controller).map(({ contract, options, method }) =>
      handler(
        contract,
        (message, context) => {
          const instance = this.#built.get(controller) as
            | Record<string | symbol, Registration['handle']>
            | undefined;
          if (instance === undefined) throw notStarted(controller);
          return instance[method]?.(message, context);
        },
        options,
      ),
    );
  }
}

const notStarted = ({ name }: Controller) =>
  new BusError('closed', `controller ${name} is not there: its plugin has not started, or has stopped`);
