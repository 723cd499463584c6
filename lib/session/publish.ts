import type { Expects, Message } from '../frame/frame.js';
import type { Outgoing, Shared } from '../lane/outgoing.js';

/** A payload in the form in which it travels. */
export interface Payload {
  readonly type: string;
  readonly payload: Uint8Array;
  readonly codec: string;
}

/**
 * A message on its way for which nobody waits, to one peer or to many: it is the same object in the outbox of each, and
 * the frame as well. Thousands may wait to leave, and what each place holds on to is what the collector has to move.
 */
export class Publish implements Outgoing, Message, Shared {
  /** In the session that it leaves from right now: nothing of it is kept once it has left. */
  seq = 0;
  holders = 0;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly codec: string;

  constructor(
    { type, payload, codec }: Payload,
    readonly headers: Readonly<Record<string, string>> | undefined,
  ) {
    this.type = type;
    this.payload = payload;
    this.codec = codec;
  }

  get frame(): Message {
    return this;
  }

  get kind(): 'message' {
    return 'message';
  }

  get expects(): Expects {
    return 'nothing';
  }

  /** Nobody tries it again. */
  get attempt(): number {
    return 1;
  }

  get id(): string {
    return '';
  }

  /** It has no deadline. */
  get timeoutMs(): number {
    return 0;
  }

  get bytes(): number {
    return this.payload.length;
  }

  get kept(): boolean {
    return false;
  }

  get shared(): Shared {
    return this;
  }
}

/** The same for a peer without credit: it answers everything, and that is how its room comes back. */
export class AnsweredPublish extends Publish {
  readonly #publish: Publish;

  constructor(publish: Publish) {
    super(publish, publish.headers);
    this.#publish = publish;
  }

  override get expects(): Expects {
    return 'acceptance';
  }

  override get shared(): Shared {
    return this.#publish;
  }
}
