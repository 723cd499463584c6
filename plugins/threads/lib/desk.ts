import { move, transferableSymbol, valueSymbol } from 'piscina';
import { exported } from './exported.js';
import type { Answer, Order, ToThread } from './order.js';
import { transferOf } from './pack.js';
import { failureHere } from './refusal.js';
import { iteratorOf } from './source.js';
import { type Home, leaving, Turn } from './turn.js';

/** Where a thread takes its orders, one at a time. */
export class Desk {
  #current: { readonly task: number; readonly turn: Turn } | undefined;
  /** An abort can overtake its order. */
  #early: ToThread | undefined;

  constructor(private readonly home: Home) {}

  hear(message: ToThread): void {
    if (message.task === this.#current?.task) void this.#current.turn.hear(message);
    else if (message.kind === 'abort') this.#early = message;
  }

  /** Handles one message; never rejects. Gives an `Answer`, or piscina's wrapping of one whose bytes are moved. */
  async run(order: Order): Promise<unknown> {
    try {
      const turn = new Turn(order, this.home);
      this.#current = { task: order.task, turn };
      if (this.#early?.task === order.task) await turn.hear(this.#early);
      const handle = await exported(order, turn.call.type);
      const result = await handle(turn.message, turn.context);
      const iterator = iteratorOf(result);
      if (iterator === undefined) return valued(result, turn.call.type);
      await turn.stream(iterator);
      return { kind: 'streamed' } satisfies Answer;
    } catch (thrown) {
      return { kind: 'fault', failure: await failureHere(thrown) } satisfies Answer;
    } finally {
      this.#current = undefined;
    }
  }
}

function valued(result: unknown, type: string): unknown {
  const value = leaving(result, `what the handler of '${type}' gave`);
  const answer: Answer = { kind: 'value', value };
  const [buffer] = transferOf(value);
  return buffer === undefined
    ? answer
    : move({ [transferableSymbol]: buffer, [valueSymbol]: answer } as never);
}
