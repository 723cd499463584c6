import { BusError } from '../errors/bus-error.js';
import type { Failure, Ownership } from './disposal.js';
import { pathText, type Step, textAbout } from './problem.js';
import type { Provider } from './provider.js';

interface Built {
  readonly step: Step;
  readonly service: unknown;
  readonly owned: boolean;
}

/** What was built for one owner, or for one session, in order, until its end. */
export class Lifetime {
  readonly #built: Built[] = [];
  #ending: Promise<Failure[]> | undefined;
  #over = false;

  constructor(
    private readonly ownership: Ownership,
    /** Why nothing is built from its end on. */
    private readonly over: string,
    /** The next one who asks for the service of a provider gets it anew. */
    private readonly forget: (provider: Provider) => void,
  ) {}

  /** Why nothing can be built now; `undefined` if it can. */
  get obstacle(): string | undefined {
    return this.#over ? this.over : undefined;
  }

  /** Begins anew after its end. */
  begin(): void {
    this.#over = false;
  }

  keep(step: Step, service: unknown): void {
    const built = { step, service, owned: this.ownership.claim(service) };
    this.#built.push(built);
    // Who awaits the service is told; where nobody does, a rejection must not end the process.
    if (service instanceof Promise) service.catch(() => this.#drop(built));
  }

  /** Disposes of everything, last built first, and goes on after a failure. Nothing is built any more. */
  end(): Promise<Failure[]> {
    this.#over = true;
    this.#ending ??= Promise.resolve()
      .then(() => this.#end())
      .finally(() => {
        this.#ending = undefined;
      });
    return this.#ending;
  }

  async #end(): Promise<Failure[]> {
    const failures: Failure[] = [];
    for (let built = this.#built.pop(); built !== undefined; built = this.#built.pop()) {
      const { step, service, owned } = built;
      this.#forget(step);
      const failure = owned ? await this.ownership.dispose(service) : undefined;
      if (failure === undefined) continue;
      const text = `${pathText([step], step.owner)} ${failure.text}`;
      failures.push({ ...failure, text: textAbout(step.owner, text) });
    }
    return failures;
  }

  /** A promise that rejected is not handed out again: what was away may be back. */
  #drop(built: Built): void {
    const index = this.#built.indexOf(built);
    if (index < 0) return;
    this.#built.splice(index, 1);
    this.#forget(built.step);
  }

  #forget({ made }: Step): void {
    if (typeof made !== 'function') this.forget(made);
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
