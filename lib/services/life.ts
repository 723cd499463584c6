import { BusError, textOf } from '../errors/bus-error.js';
import type { Ownership } from './disposal.js';
import { ownerText, pathText, type Step } from './problem.js';
import type { Provider } from './provider.js';

/** Something that could not be disposed of. */
export interface Failure {
  readonly text: string;
  readonly error: unknown;
}

interface Built {
  readonly step: Step;
  readonly service: unknown;
  readonly owned: boolean;
}

/** What was built for one owner, or for one session, in order, until it ends. */
export class Life {
  readonly #built: Built[] = [];
  #ending: Promise<Failure[]> | undefined;

  constructor(
    private readonly ownership: Ownership,
    private readonly kind: 'once' | 'again',
    /** Called before the service of a provider is disposed of. */
    private readonly forget: (provider: Provider) => void,
  ) {}

  /** Why nothing can be built now; `undefined` if it can. */
  get obstacle(): string | undefined {
    if (this.#ending === undefined) return undefined;
    return this.kind === 'once' ? 'its session has ended' : 'what it belongs to is being stopped';
  }

  keep(step: Step, service: unknown): void {
    this.#built.push({ step, service, owned: this.ownership.claim(service) });
    // Who awaits the service is told; where nobody does, a rejection must not end the process.
    if (service instanceof Promise) service.catch(() => {});
  }

  /** Disposes of everything, last built first, and goes on after a failure. One that lives again can be used after it. */
  end(): Promise<Failure[]> {
    this.#ending ??= Promise.resolve()
      .then(() => this.#end())
      .finally(() => {
        if (this.kind === 'again') this.#ending = undefined;
      });
    return this.#ending;
  }

  async #end(): Promise<Failure[]> {
    const failures: Failure[] = [];
    for (let built = this.#built.pop(); built !== undefined; built = this.#built.pop()) {
      const { step, service, owned } = built;
      if (typeof step.made !== 'function') this.forget(step.made);
      if (!owned) continue;
      try {
        await this.ownership.dispose(service);
      } catch (error) {
        const what = `${ownerText(step.owner)}: ${pathText([step], step.owner)}`;
        failures.push({ text: `${what} could not be disposed of: ${textOf(error)}`, error });
      }
    }
    return failures;
  }
}

/** Throws one `plugin` error that has every failure, if there is any. */
export function throwFailures(failures: readonly Failure[]): void {
  if (failures.length === 0) return;
  const problems = failures.map(({ text }) => text);
  const errors = failures.map(({ error }) => error);
  throw new BusError('plugin', problems.join('\n'), {
    details: { problems },
    cause: new AggregateError(errors, 'not disposed of'),
  });
}
