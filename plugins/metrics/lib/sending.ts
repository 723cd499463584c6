import type { Published, SendInterceptor, VerbName } from 'drumline/plugin';
import { isObservable, tap } from 'rxjs';
import { counter, type Home, histogram } from './family.js';
import type { Types } from './label.js';
import { codeOf, ok } from './outcome.js';
import { watchedPromise } from './watch.js';

/** Where the calls of one verb and type are counted. */
interface Row {
  ended(outcome: string): void;
  took(beganAt: number): void;
  published(result: Published | undefined): void;
}

/** Measures everything that this process sends. */
export class Sending {
  readonly #calls;
  readonly #seconds;
  readonly #published;
  readonly #rows = new Map<string, Row>();

  constructor(
    home: Home,
    private readonly types: Types,
  ) {
    this.#calls = counter(
      home,
      'calls_total',
      'Calls that have ended, by what came of it: ok, or the code of the error. A stream counts per subscription.',
      'verb',
      'type',
      'outcome',
    );
    this.#seconds = histogram(
      home,
      'call_seconds',
      'Time until a send was accepted or a request was answered, failures included.',
      'verb',
      'type',
    );
    this.#published = counter(
      home,
      'published_total',
      'Messages of publish, one per receiver: queued or dropped.',
      'type',
      'result',
    );
  }

  readonly interceptor: SendInterceptor = (next) => (message, context) => {
    const { verb } = context;
    const row = this.#row(verb, this.types.own(message.type));
    const beganAt = performance.now();
    let result: unknown;
    try {
      result = next(message, context);
    } catch (thrown) {
      row.ended(codeOf(thrown));
      throw thrown;
    }
    if (verb === 'publish') {
      row.published(result as Published | undefined);
      return result;
    }
    if (verb === 'stream') return streamed(result, row);
    return watchedPromise(
      result as PromiseLike<unknown>,
      (value) => {
        row.took(beganAt);
        row.ended(ok);
        return value;
      },
      (thrown) => {
        row.took(beganAt);
        row.ended(codeOf(thrown));
      },
    );
  };

  #row(verb: VerbName, type: string): Row {
    const key = `${verb} ${type}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const row = this.#newRow(verb, type);
    this.#rows.set(key, row);
    return row;
  }

  #newRow(verb: VerbName, type: string): Row {
    const wentWell = this.#calls.of(verb, type, ok);
    const seconds = verb === 'send' || verb === 'request' ? this.#seconds.of(verb, type) : undefined;
    const [queued, dropped] =
      verb === 'publish' ? [this.#published.of(type, 'queued'), this.#published.of(type, 'dropped')] : [];
    return {
      ended: (outcome) => {
        (outcome === ok ? wentWell : this.#calls.of(verb, type, outcome)).value += 1;
      },
      took: (beganAt) => seconds?.observe((performance.now() - beganAt) / 1000),
      published: (result) => {
        wentWell.value += 1;
        if (queued) queued.value += result?.queued ?? 0;
        if (dropped) dropped.value += result?.dropped ?? 0;
      },
    };
  }
}

/** Lifted out of the observable of the bus, which keeps what its subscribers throw from ending the process. */
function streamed(result: unknown, row: Row): unknown {
  if (!isObservable(result)) return result;
  return result.pipe(
    tap({
      complete: () => row.ended(ok),
      error: (thrown) => row.ended(codeOf(thrown)),
      unsubscribe: () => row.ended('cancelled'),
    }),
  );
}
