import type { LinkPeer } from '../frame/peer.js';
import { Codecs } from '../handler/codec.js';
import type { Log } from '../handler/context.js';
import { Executors } from '../handler/executor.js';
import { busErrorOf } from '../handler/fault.js';
import type { Registration } from '../handler/registration.js';
import type { Authenticate, HandshakeMiddleware } from '../handshake/negotiate.js';
import type { MakeDetector, Silence } from '../time/detector.js';
import type { Place } from './check.js';
import { contributed } from './conflict.js';
import type { BusEvent, Interceptor } from './contributions.js';
import type { Controllers } from './controller.js';
import { Greetings } from './greeting.js';
import { pluginLog } from './guarded-log.js';
import { intercepted } from './interception.js';
import type { Plugin } from './manifest.js';
import type { OwnedSendInterceptor } from './send-interception.js';

/** What all plugins together contribute, each part with the name of its plugin bound to it. */
export interface Merged {
  /** The application's and then the plugins', with all interceptors around each. */
  readonly handlers: readonly Registration[];
  /** The application's, or that of the one plugin that has one. */
  readonly authenticate: Authenticate | undefined;
  /** First = outermost. The application's own are not among them. */
  readonly handshake: readonly HandshakeMiddleware[];
  /** Around what this process sends; first = outermost. */
  readonly sends: readonly OwnedSendInterceptor[];
  readonly codecs: Codecs;
  /** That of the one plugin that has one. */
  readonly detector: MakeDetector | undefined;
  /** A handler that is added later: run where it says, with the same interceptors around it. */
  adopted(registration: Registration): Registration;
  /** Tells every observer; never throws. */
  observe(event: BusEvent): void;
  /** The name of the plugin that the greeting of this peer waits for now; `undefined` if it waits for none. */
  waitsFor(peer: LinkPeer): string | undefined;
}

/** Merges checked plugins, in the order given. Calls their interceptors once per handler. */
export function merged(plugins: readonly Plugin[], controllers: Controllers, place: Place, log: Log): Merged {
  const each = <Part>(part: Parameters<typeof contributed<Part>>[1]) =>
    contributed(plugins, part).map(({ plugin, item }) => ({ plugin: plugin.manifest.name, item }));
  const greetings = new Greetings();
  const interceptors = each(({ interceptors }) => interceptors);
  const around = <Side extends 'handler' | 'send'>(side: Side) =>
    interceptors.flatMap(({ plugin, item }) => {
      const intercept = sideOf(item, side);
      return intercept === undefined ? [] : [{ plugin, intercept }];
    });
  const handlerInterceptors = around('handler');
  const executors = new Executors(
    each(({ executors }) => executors).map(({ plugin, item }) => ({ plugin, executor: item })),
  );
  const adopted = (registration: Registration) =>
    intercepted(executors.bind(registration), handlerInterceptors);
  const own = plugins.flatMap((plugin) =>
    controllers
      .registrationsOf(plugin)
      .map((registration) => Object.freeze({ ...registration, plugin: plugin.manifest.name })),
  );
  const [authenticator] = each(({ authenticate }) => authenticate && [authenticate]);
  const [detector] = each(({ detector }) => detector && [detector]);
  const observers = each(({ observers }) => observers).map(({ plugin, item }) => ({
    observe: item,
    log: pluginLog(log, plugin),
  }));
  return {
    handlers: [...place.applicationHandlers, ...own].map(adopted),
    authenticate:
      place.applicationAuthenticate ??
      (authenticator && greetings.authenticate(authenticator.plugin, authenticator.item)),
    handshake: each(({ handshake }) => handshake).map(({ plugin, item }) =>
      greetings.middleware(plugin, item),
    ),
    sends: around('send'),
    codecs: new Codecs(each(({ codecs }) => codecs).map(({ plugin, item }) => ({ plugin, codec: item }))),
    detector: detector && named(detector.plugin, detector.item),
    adopted,
    observe(event) {
      for (const { observe, log } of observers) tell(observe, event, log);
    },
    waitsFor: (peer) => greetings.waitsFor(peer),
  };
}

/** The detector that one plugin contributes, with the plugin's name, so that it can be told when it fails. */
const named = (plugin: string, make: MakeDetector): MakeDetector =>
  Object.assign((timing: Silence) => make(timing), { plugin });

type Sides = Exclude<Interceptor, (...parameters: never[]) => unknown>;

/** What an interceptor has for one side; a function alone is around handlers. */
function sideOf<Side extends 'handler' | 'send'>(interceptor: Interceptor, side: Side): Sides[Side] {
  const sides: Sides = typeof interceptor === 'function' ? { handler: interceptor } : interceptor;
  return sides[side];
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
