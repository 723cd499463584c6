import type { LinkPeer } from '../frame/peer.js';
import type { Log } from '../handler/context.js';
import { busErrorOf } from '../handler/fault.js';
import type { Registration } from '../handler/registration.js';
import type { Authenticate, HandshakeMiddleware } from '../handshake/negotiate.js';
import type { Place } from './check.js';
import type { BusEvent, Contributions } from './contributions.js';
import { Greetings } from './greeting.js';
import { pluginLog } from './guarded-log.js';
import { intercepted, type OwnedInterceptor } from './interception.js';
import type { Plugin } from './manifest.js';

/** What all plugins together contribute, each part with the name of its plugin bound to it. */
export interface Merged {
  /** The application's and then the plugins', with all interceptors around each. */
  readonly handlers: readonly Registration[];
  /** The application's, or that of the one plugin that has one. */
  readonly authenticate: Authenticate | undefined;
  /** First = outermost. The application's own are not among them. */
  readonly handshake: readonly HandshakeMiddleware[];
  /** The same interceptors around a handler that is added later. */
  intercepted(registration: Registration): Registration;
  /** Tells every observer; never throws. */
  observe(event: BusEvent): void;
  /** The name of the plugin that the greeting of this peer waits for now; `undefined` if it waits for none. */
  waitsFor(peer: LinkPeer): string | undefined;
}

/** Merges checked plugins, in the order given. Calls their interceptors once per handler. */
export function merged(plugins: readonly Plugin[], place: Place, log: Log): Merged {
  const each = <Part>(part: (contributes: Contributions) => readonly Part[] | undefined) =>
    plugins.flatMap(({ manifest: { name }, contributes = {} }) =>
      (part(contributes) ?? []).map((item) => ({ name, item })),
    );
  const greetings = new Greetings();
  const interceptors: OwnedInterceptor[] = each(({ interceptors }) => interceptors).map(({ name, item }) => ({
    plugin: name,
    intercept: item,
  }));
  const around = (registration: Registration) => intercepted(registration, interceptors);
  const own = each(({ handlers }) => handlers).map(({ name, item }) =>
    Object.freeze({ ...item, plugin: name }),
  );
  const [authenticator] = each(({ authenticate }) => authenticate && [authenticate]);
  const observers = each(({ observers }) => observers).map(({ name, item }) => ({
    observe: item,
    log: pluginLog(log, name),
  }));
  return {
    handlers: [...place.applicationHandlers, ...own].map(around),
    authenticate:
      place.applicationAuthenticate ??
      (authenticator && greetings.authenticate(authenticator.name, authenticator.item)),
    handshake: each(({ handshake }) => handshake).map(({ name, item }) => greetings.middleware(name, item)),
    intercepted: around,
    observe(event) {
      for (const { observe, log } of observers) tell(observe, event, log);
    },
    waitsFor: (peer) => greetings.waitsFor(peer),
  };
}

/** An observer may be an asynchronous function: nobody waits for it, but its failure is caught all the same. */
function tell(observe: (event: BusEvent) => unknown, event: BusEvent, log: Log): void {
  const failed = (thrown: unknown) =>
    log.error(`an observer failed: ${busErrorOf(thrown).message}`, { error: thrown });
  try {
    Promise.resolve(observe(event)).catch(failed);
  } catch (thrown) {
    failed(thrown);
  }
}
