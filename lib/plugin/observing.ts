import type { Log } from '../handler/context.js';
import { busErrorOf } from '../handler/fault.js';
import type { Services } from '../services/services.js';
import type { BusEvent, Observe, ObserverContext } from './contributions.js';

/** An observer and the plugin that it belongs to. */
interface OwnedObserver {
  readonly plugin: string;
  readonly observe: Observe;
  readonly log: Log;
}

/** Tells every observer of an event; never throws. Services are asked for only when an observer does. */
export function observing(
  observers: readonly OwnedObserver[],
  servicesOf: (plugin: string) => Services,
): (event: BusEvent) => void {
  const told = observers.map(({ plugin, observe, log }) => {
    const context: ObserverContext = Object.freeze({
      log,
      get services() {
        return servicesOf(plugin);
      },
    });
    return { observe, context };
  });
  return (event) => {
    for (const { observe, context } of told) tell(observe, event, context);
  };
}

/** An observer may be an asynchronous function: nobody waits for it, but its failure is caught all the same. */
function tell(
  observe: (...told: Parameters<Observe>) => unknown,
  event: BusEvent,
  context: ObserverContext,
): void {
  const failed = (thrown: unknown) =>
    context.log.error(`an observer failed: ${busErrorOf(thrown).message}`, { error: thrown });
  try {
    Promise.resolve(observe(event, context)).catch(failed);
  } catch (thrown) {
    failed(thrown);
  }
}
