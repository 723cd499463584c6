import type { Log, Peer } from '../handler/context.js';
import { busErrorOf } from '../handler/fault.js';
import type { Injection, SessionScope } from '../services/injection.js';
import { PEER } from './built-in.js';

/** The session services of all sessions: what is being disposed of is waited for before the plugins stop. */
export class Sessions {
  readonly #ending = new Set<Promise<void>>();

  constructor(
    private readonly injection: Injection,
    private readonly log: Log,
  ) {}

  /** The scope of one session, made when it is first asked for. Its `dispose` never rejects: a failure is logged. */
  open(peer: Peer): SessionScope {
    let scope: SessionScope | undefined;
    const made = () => {
      scope ??= this.injection.session(new Map([[PEER, peer]]));
      return scope;
    };
    // One that nobody asked for ends as well: whoever asks later gets nothing built.
    return { of: (owner) => made().of(owner), dispose: () => this.#end(made()) };
  }

  /** Resolves when nothing is being disposed of any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#ending);
  }

  #end(scope: SessionScope): Promise<void> {
    const ending = scope.dispose().catch((thrown) => {
      this.log.error(`session services: ${busErrorOf(thrown).message}`, { error: thrown });
    });
    this.#ending.add(ending);
    return ending.finally(() => this.#ending.delete(ending));
  }
}
