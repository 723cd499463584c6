import { BusError } from '../errors/bus-error.js';
import type { LinkPeer } from '../frame/peer.js';
import { Codecs } from '../handler/codec.js';
import type { Log } from '../handler/context.js';
import { Executors } from '../handler/executor.js';
import type { Registration } from '../handler/registration.js';
import type { SendFunction } from '../handler/verbs.js';
import type { Authenticate, Negotiate } from '../handshake/negotiate.js';
import type { Services } from '../services/services.js';
import type { MakeDetector, Silence } from '../time/detector.js';
import type { Composition } from './check.js';
import { codecsOf, contributed, missingCodec } from './conflict.js';
import type { BusEvent, Interceptor } from './contributions.js';
import type { Controllers } from './controller.js';
import { Greetings } from './greeting.js';
import { pluginLog } from './guarded-log.js';
import { intercepted } from './interception.js';
import type { Plugin } from './manifest.js';
import { observing } from './observing.js';
import { interceptedSend } from './send-interception.js';
import { toBus } from './sends.js';
import { Wrapping } from './wrapping.js';

/** What a hub or worker has of its plugins and of the application, each part with the name of its plugin bound to it. */
export interface Merged {
  /** The application's and then the plugins', with all interceptors around each. */
  readonly handlers: readonly Registration[];
  /** The application's, or that of the one plugin that has one. */
  readonly authenticate: Authenticate | undefined;
  /** The handshake with all middleware around it: the application's, and inside of that the plugins'. */
  readonly negotiate: Negotiate;
  /** All interceptors around what this process sends; `undefined` if there are none. */
  readonly sends: SendFunction | undefined;
  readonly codecs: Codecs;
  /** That of the one plugin that has one. */
  readonly detector: MakeDetector | undefined;
  /**
   * A handler that is added later: run where it says, with the same interceptors around it. Gives `invalid-option` for
   * one that no executor or codec is there for, and `plugin` if an interceptor cannot be applied.
   */
  adopted(registration: Registration): Registration;
  /** Tells every observer; never throws. */
  observe(event: BusEvent): void;
  /** The name of the plugin that the greeting of this peer waits for now; `undefined` if it waits for none. */
  waitsFor(peer: LinkPeer): string | undefined;
}

/**
 * Merges what was checked. Applies every interceptor and all handshake middleware; throws one error, like `checked`,
 * that has all which cannot be applied. Services are asked for later.
 */
export function merged(
  { role, plugins, application, negotiate }: Composition,
  controllers: Controllers,
  log: Log,
  servicesOf: (plugin: string) => Services,
): Merged {
  const logs = new Map(plugins.map(({ manifest: { name } }) => [name, pluginLog(log, name)]));
  const each = <Part>(part: Parameters<typeof contributed<Part>>[1]) =>
    contributed(plugins, part).map(({ plugin: { manifest }, item }) => ({
      plugin: manifest.name,
      item,
      log: logs.get(manifest.name) as Log,
    }));
  const greetings = new Greetings();
  const wrapping = new Wrapping();
  const interceptors = each(({ interceptors }) => interceptors);
  const around = <Side extends 'handler' | 'send'>(side: Side) =>
    interceptors.flatMap(({ item, ...owner }) => {
      const intercept = sideOf(item, side);
      return intercept === undefined ? [] : [{ ...owner, intercept }];
    });
  const [handlerInterceptors, sendInterceptors] = [around('handler'), around('send')];
  const executors = new Executors(
    each(({ executors }) => executors).map(({ plugin, item }) => ({ plugin, executor: item })),
  );
  const own = plugins.flatMap((plugin) =>
    controllers.registrationsOf(plugin).map((registration) => owned(registration, plugin, logs)),
  );
  const codecs = codecsOf(plugins);
  const [authenticator] = each(({ authenticate }) => authenticate && [authenticate]);
  const [detector] = each(({ detector }) => detector && [detector]);
  const middleware = each(({ handshake }) => handshake);
  const result: Merged = {
    handlers: [...(application.handlers ?? []), ...own].map((registration) =>
      intercepted(executors.bind(registration), wrapping.applicable(handlerInterceptors), wrapping.unapplied),
    ),
    authenticate:
      application.authenticate ??
      (authenticator && greetings.authenticate(authenticator.plugin, authenticator.item)),
    negotiate:
      role === 'worker'
        ? negotiate
        : wrapping.handshake(
            application.handshake ?? [],
            middleware.map(({ plugin, item }) => greetings.middleware(plugin, item)),
            negotiate,
          ),
    sends:
      sendInterceptors.length === 0
        ? undefined
        : interceptedSend(toBus, sendInterceptors, wrapping.unapplied),
    codecs: new Codecs(each(({ codecs }) => codecs).map(({ plugin, item }) => ({ plugin, codec: item }))),
    detector: detector && named(detector.plugin, detector.item),
    adopted(registration) {
      const [missing] = missingCodec(registration, codecs);
      if (missing !== undefined) throw new BusError('invalid-option', missing);
      return intercepted(executors.bind(registration), handlerInterceptors);
    },
    observe: observing(
      each(({ observers }) => observers).map(({ item, ...owner }) => ({ ...owner, observe: item })),
      servicesOf,
    ),
    waitsFor: (peer) => greetings.waitsFor(peer),
  };
  wrapping.end();
  return result;
}

/** A plugin's handler, with the plugin's name and log. */
const owned = (registration: Registration, { manifest: { name } }: Plugin, logs: ReadonlyMap<string, Log>) =>
  Object.freeze({ ...registration, plugin: name, log: logs.get(name) as Log });

/** The detector that one plugin contributes, with the plugin's name, so that it can be told when it fails. */
const named = (plugin: string, make: MakeDetector): MakeDetector =>
  Object.assign((timing: Silence) => make(timing), { plugin });

type Sides = Exclude<Interceptor, (...parameters: never[]) => unknown>;

/** What an interceptor has for one side; a function alone is around handlers. */
function sideOf<Side extends 'handler' | 'send'>(interceptor: Interceptor, side: Side): Sides[Side] {
  const sides: Sides = typeof interceptor === 'function' ? { handler: interceptor } : interceptor;
  return sides[side];
}
