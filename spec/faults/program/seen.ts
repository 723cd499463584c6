import { createHash } from 'node:crypto';
import { type Context, type HandlerMessage, handler } from '../../../lib/index.js';
import { most } from '../book.js';

/** Handlers that count, per sender, how often each number came; and the two of a link that is slow. */
export class Seen {
  readonly #times = new Map<string, Uint8Array>();
  readonly #highest = new Map<string, number>();

  get handlers() {
    const note = ({ payload }: HandlerMessage, { from }: Context) => this.#note(from.id, payload as number);
    return [
      handler('publish', note),
      handler('send', note),
      handler('request', (message, context) => {
        note(message, context);
        return message.payload;
      }),
      handler('stream', async function* (message, context) {
        note(message, context);
        yield message.payload;
        yield -(message.payload as number);
      }),
      handler('digest', ({ payload }) => digest(payload as Uint8Array)),
      handler('small', ({ payload }) => payload),
    ];
  }

  of(id: string): string {
    const times = this.#times.get(id)?.subarray(0, (this.#highest.get(id) ?? -1) + 1);
    return Buffer.from(times ?? []).toString('base64');
  }

  #note(id: string, n: number): void {
    const times = this.#times.get(id) ?? new Uint8Array(most);
    this.#times.set(id, times);
    times[n] = Math.min(255, (times[n] as number) + 1);
    this.#highest.set(id, Math.max(n, this.#highest.get(id) ?? -1));
  }
}

export const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
