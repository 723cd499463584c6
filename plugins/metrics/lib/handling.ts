import type { Context, HandlerInterceptor } from 'drumline/plugin';
import type { Spread, Tally } from './cell.js';
import { counter, gauge, type Home, histogram } from './family.js';
import type { Types } from './label.js';
import { codeOf, ok } from './outcome.js';
import { isThenable, watchedPromise, watchedStream } from './watch.js';

/** What is counted of one message type. */
interface Row {
  readonly type: string;
  readonly label: string;
  readonly running: Tally;
  readonly seconds: Spread;
  readonly ok: Tally;
}

/** Measures every handler of the process. What one gives is passed on, streams with somebody who sees their end. */
export class Handling {
  readonly #running;
  readonly #seconds;
  readonly #handled;

  constructor(
    home: Home,
    private readonly types: Types,
  ) {
    this.#running = gauge(home, 'handlers_running', 'Handlers that have not settled.', 'type');
    this.#seconds = histogram(
      home,
      'handler_seconds',
      'Time from the start of a handler until it settled, or until its stream ended.',
      'type',
    );
    this.#handled = counter(
      home,
      'handled_total',
      'Handlers that have settled, by what came of it: ok, or the code of the error.',
      'type',
      'outcome',
    );
  }

  readonly interceptor: HandlerInterceptor = (next) => {
    // A handler has one type: it is looked up for the first message alone.
    let row: Row | undefined;
    return (message, context) => {
      if (row?.type !== message.type) row = this.#row(message.type);
      const began = performance.now();
      row.running.value += 1;
      let result: unknown;
      try {
        result = next(message, context);
      } catch (thrown) {
        this.#ended(row, began, codeOf(thrown));
        throw thrown;
      }
      if ((typeof result === 'object' && result !== null) || typeof result === 'function')
        return this.#result(result, row, began, context);
      this.#ended(row, began, ok);
      return result;
    };
  };

  #result(result: object, row: Row, began: number, context: Context): unknown {
    if (!promised(result)) return this.#value(result, row, began, context);
    return watchedPromise(
      result,
      (value) => this.#value(value, row, began, context),
      (thrown) => this.#ended(row, began, codeOf(thrown)),
    );
  }

  /** One value is the end of it; a stream runs from when it is read until it ends. */
  #value(value: unknown, row: Row, began: number, context: Context): unknown {
    const opened = () => {
      row.running.value += 1;
      let open = true;
      return (outcome: string) => {
        if (open) this.#ended(row, began, outcome);
        open = false;
      };
    };
    let stream: object | undefined;
    try {
      if (typeof value === 'object' && value !== null)
        stream = watchedStream(value, opened, () => leftBecause(context));
    } catch {
      // A getter that throws: the bus meets it too, and answers.
    }
    if (stream === undefined) this.#ended(row, began, ok);
    else row.running.value -= 1;
    return stream ?? value;
  }

  #ended(row: Row, began: number, outcome: string): void {
    row.running.value -= 1;
    row.seconds.observe((performance.now() - began) / 1000);
    (outcome === ok ? row.ok : this.#handled.of(row.label, outcome)).value += 1;
  }

  #row(type: string): Row {
    const label = this.types.own(type);
    return {
      type,
      label,
      running: this.#running.of(label),
      seconds: this.#seconds.of(label),
      ok: this.#handled.of(label, ok),
    };
  }
}

function promised(result: object): result is PromiseLike<unknown> {
  try {
    return isThenable(result);
  } catch {
    return false;
  }
}

/** The bus fires the signal with its reason before it leaves a stream. */
const leftBecause = ({ signal }: Context): string => (signal.aborted ? codeOf(signal.reason) : 'cancelled');
