import type { Expects, Message } from '../frame/frame.js';
import type { Outgoing, Shared } from '../lane/outgoing.js';
import type { Draft } from './call.js';

/**
 * A message on its way for which nobody waits. Thousands of them may wait to leave, and what each holds on to is what the
 * collector has to move: so it is the frame as well, and has the rest in common with all receivers.
 */
export class Publish implements Outgoing, Message {
  seq = 0;

  constructor(
    private readonly draft: Draft & Partial<Shared>,
    readonly expects: Expects,
    /** Told as it leaves. */
    private readonly published: () => void,
  ) {}

  get frame(): Message {
    return this;
  }

  get kind(): 'message' {
    return 'message';
  }

  get type(): string {
    return this.draft.type;
  }

  get payload(): Uint8Array {
    return this.draft.payload;
  }

  get codec(): string {
    return this.draft.codec;
  }

  get attempt(): number {
    return this.draft.attempt;
  }

  get id(): string {
    return this.draft.id;
  }

  get headers(): Readonly<Record<string, string>> | undefined {
    return this.draft.headers;
  }

  /** It has no deadline. */
  get timeoutMs(): number {
    return 0;
  }

  get bytes(): number {
    return this.draft.payload.length;
  }

  get kept(): boolean {
    return false;
  }

  get shared(): Shared | undefined {
    const { draft } = this;
    return draft.holders === undefined ? undefined : (draft as Shared);
  }

  left(): void {
    this.published();
  }
}
