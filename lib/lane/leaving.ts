import type { Outcome } from '../frame/frame.js';
import type { Outgoing } from './outgoing.js';
import { Parts, partBytes } from './parts.js';
import { Ring } from './ring.js';

/** Large payloads that leave side by side, messages and outcomes each: a peer has room for two of the largest. */
const together = 2;

export const isLarge = ({ frame }: Outgoing): boolean => frame.payload.length > partBytes;

/**
 * The large payloads that leave part by part, in turn, and the outcomes that wait for one of them: those of the same
 * message keep their order, and a third large one its turn.
 */
export class Leaving {
  readonly #turn = new Ring<Parts>();
  /** By the number that they answer: what came after a large one that has not left. */
  readonly #behind = new Map<number, Outgoing[]>();
  readonly #waiting = new Ring<Outgoing>();
  /** They waited behind one that has left. */
  readonly #ready = new Ring<Outgoing>();
  #messages = 0;

  get length(): number {
    return this.#turn.length;
  }

  /** Messages of which a part has not left. */
  get messages(): number {
    return this.#messages;
  }

  /** The bytes of these parts. */
  get messageBytes(): number {
    return this.#all.reduce((bytes, { whole, left }) => bytes + (isOutcome(whole) ? 0 : left), 0);
  }

  get empty(): boolean {
    return this.#turn.length + this.#behind.size + this.#ready.length === 0;
  }

  /** Whether one more large message may begin. */
  get hasPlace(): boolean {
    return this.#messages < together;
  }

  /** Where the next outcome is that may leave now: at the front. What may not is set aside. */
  outcomes(queue: Ring<Outgoing>): Ring<Outgoing> {
    const full = this.#turn.length - this.#messages >= together;
    if (!full && this.#waiting.length > 0) return this.#waiting;
    if (this.#ready.length > 0 && this.#sorted(this.#ready, full)) return this.#ready;
    this.#sorted(queue, full);
    return queue;
  }

  /** Moves aside what must wait, up to the first that need not. */
  #sorted(queue: Ring<Outgoing>, full: boolean): boolean {
    for (let next = queue.at(0); next !== undefined; next = queue.at(0)) {
      const large = full && isLarge(next);
      if (!large && this.#behind.size === 0) return true;
      const { re } = next.frame as Outcome;
      const line = this.#behind.get(re);
      if (line === undefined && !large) return true;
      queue.shift();
      if (line !== undefined) line.push(next);
      else {
        this.#behind.set(re, []);
        this.#waiting.push(next);
      }
    }
    return false;
  }

  begin(whole: Outgoing): Parts {
    const parts = new Parts(whole);
    if (!isOutcome(whole)) this.#messages += 1;
    else if (!this.#behind.has(whole.frame.re)) this.#behind.set(whole.frame.re, []);
    this.#turn.push(parts);
    return parts;
  }

  /** Whose turn it is; `credit`: whether messages have any. */
  next(credit: boolean): Parts | undefined {
    for (let left = this.#turn.length; left > 0; left -= 1) {
      const parts = this.#turn.shift() as Parts;
      this.#turn.push(parts);
      if (credit || isOutcome(parts.whole)) return parts;
    }
    return undefined;
  }

  find(fits: (parts: Parts) => boolean): Parts | undefined {
    return this.#turn.length === 0 ? undefined : this.#all.find(fits);
  }

  /** All its parts have left, or the rest never will. */
  end(parts: Parts): void {
    if (!this.#turn.remove(parts)) return;
    const { whole } = parts;
    if (!isOutcome(whole)) {
      this.#messages -= 1;
      return;
    }
    const { re } = whole.frame;
    for (const next of this.#behind.get(re) ?? []) this.#ready.push(next);
    this.#behind.delete(re);
  }

  /** Forgets everything; gives what has not begun to leave. */
  clear(): Outgoing[] {
    const unsent = [...this.#ready.clear(), ...this.#waiting.clear(), ...[...this.#behind.values()].flat()];
    this.#behind.clear();
    this.#turn.clear();
    this.#messages = 0;
    return unsent;
  }

  get #all(): Parts[] {
    return Array.from({ length: this.#turn.length }, (_, at) => this.#turn.at(at) as Parts);
  }
}

const isOutcome = (outgoing: Outgoing): outgoing is Outgoing & { readonly frame: Outcome } =>
  outgoing.frame.kind === 'outcome';
