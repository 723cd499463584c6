import type { Expects, Message } from '../frame/frame.js';
import type { Outgoing, Shared } from '../lane/outgoing.js';

/** What is the same of a publish for all its receivers; `holders` where there are several. */
export interface Post extends Partial<Shared> {
  readonly type: string;
  readonly payload: Uint8Array;
  readonly codec: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * A message on its way for which nobody waits. Thousands of them may wait to leave, and what each holds on to is what the
 * collector has to move: so it is the frame as well, and has the rest in common with all receivers.
 */
export class Publish implements Outgoing, Message {
  seq = 0;

  constructor(
    private readonly post: Post,
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
    return this.post.type;
  }

  get payload(): Uint8Array {
    return this.post.payload;
  }

  get codec(): string {
    return this.post.codec;
  }

  /** Nobody tries it again. */
  get attempt(): number {
    return 1;
  }

  get id(): string {
    return '';
  }

  get headers(): Readonly<Record<string, string>> | undefined {
    return this.post.headers;
  }

  /** It has no deadline. */
  get timeoutMs(): number {
    return 0;
  }

  get bytes(): number {
    return this.post.payload.length;
  }

  get kept(): boolean {
    return false;
  }

  get shared(): Shared | undefined {
    const { post } = this;
    return post.holders === undefined ? undefined : (post as Shared);
  }

  left(): void {
    this.published();
  }
}
