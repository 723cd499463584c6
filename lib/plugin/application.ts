import { messageOf } from '../handler/fault.js';
import type { Registration } from '../handler/registration.js';
import type { Authenticate, HandshakeMiddleware, Negotiate } from '../handshake/negotiate.js';
import type { Provider } from '../services/provider.js';
import type { Contributions } from './contributions.js';
import type { Role } from './manifest.js';
import { readParts } from './snapshot.js';

/** Where plugins are to run, and what the application brings there itself: as it was given, and not checked yet. */
export interface Place {
  readonly role: Role;
  readonly sdkVersion: string;
  readonly applicationHandlers: readonly Registration[] | undefined;
  readonly applicationAuthenticate?: Authenticate | undefined;
  /** Around those of all plugins. */
  readonly applicationHandshake?: readonly HandshakeMiddleware[] | undefined;
  readonly applicationProviders: readonly Provider[] | undefined;
  /** What the hub or worker itself provides to everybody. */
  readonly ownProviders?: readonly Provider[];
  /** What the handshake middleware is around; default: the lenient one. */
  readonly negotiate?: Negotiate;
}

/** What the application brings, as far as it is what it must be. */
export type Application = Pick<Contributions, 'handlers' | 'authenticate' | 'handshake' | 'providers'>;

/** Reads what the application brings, each part once. */
export function readApplication(place: Place): {
  readonly application: Application;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const given = {
    handlers: place.applicationHandlers,
    authenticate: place.applicationAuthenticate,
    handshake: place.applicationHandshake,
    providers: place.applicationProviders,
  };
  let application: Application = {};
  for (const name of ['handlers', 'authenticate', 'handshake', 'providers'] as const) {
    try {
      const say = (name: string, what: string) =>
        problems.push(`the application has an option ${name} that is no ${what}`);
      application = { ...application, ...readParts(given, [name], say) };
    } catch (thrown) {
      problems.push(`the application has an option ${name} that cannot be read: ${messageOf(thrown)}`);
    }
  }
  return { application, problems };
}
