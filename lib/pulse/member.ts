import { isDeepStrictEqual } from 'node:util';
import { Slot } from './board.js';
import type { News, PulseOrder, Told } from './order.js';
import type { Marks, PulseHost, PulseMember } from './pulse.js';

interface MemberEvents {
  beat(): void;
  rest(): void;
  leave(): void;
}

/** One worker of the process, as the main thread sees it: what it wants, and what the thread says of it. */
export class Member implements PulseMember {
  order: PulseOrder | undefined;
  readonly #slot = new Slot();
  #turn = 0;
  #isLost = false;

  constructor(
    private readonly host: PulseHost,
    readonly marks: Marks,
    private readonly events: MemberEvents,
  ) {}

  told(member: number): Told {
    return { do: 'beat', member, turn: this.#turn, slot: this.#slot.memory, order: this.order as PulseOrder };
  }

  beat(order: PulseOrder): void {
    if (this.order !== undefined && isDeepStrictEqual(order, this.order)) return;
    this.order = order;
    this.#turn += 1;
    this.write(0);
    this.events.beat();
  }

  rest(): void {
    if (this.order === undefined) return;
    this.order = undefined;
    this.events.rest();
  }

  leave(): void {
    this.order = undefined;
    this.events.leave();
  }

  write(lateMs: number): void {
    if (this.order) this.#slot.write(this.host.load(), lateMs, this.host.oldest());
  }

  hear({ what, turn, cause }: Exclude<News, { what: 'ready' }>): void {
    if (turn !== this.#turn || this.order === undefined) return;
    if (what === 'redial') return this.host.redial(cause);
    if (what === 'began') {
      this.#isLost = false;
      return this.host.began(cause);
    }
    // Its token is of no use any more: the next welcome brings another.
    if (what === 'refused') this.rest();
    this.#lose(cause);
  }

  /** Nobody beats for it any more. */
  lost(cause: string): void {
    if (this.order) this.#lose(cause);
  }

  /** Told once, until it beats again. */
  #lose(cause: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.host.lost(cause);
  }
}
