import type { Services } from '../services/services.js';

/** Who sent a message, as the link and the handshake know it; nothing of it comes from a payload. */
export interface Peer {
  readonly id: string;
  /** Names this membership of the peer; another after it registered anew. */
  readonly epoch: string;
  readonly labels: Readonly<Record<string, string>>;
  /** What authentication found out; `undefined` where none is configured. */
  readonly identity: unknown;
}

/** Where a handler writes what it has to say. */
export interface Log {
  debug(text: string, details?: object): void;
  info(text: string, details?: object): void;
  warn(text: string, details?: object): void;
  error(text: string, details?: object): void;
}

/** A message, as its handler sees it. */
export interface HandlerMessage<Payload = unknown> {
  readonly payload: Payload;
  readonly type: string;
  /** The same for each attempt to deliver this message, and for no other message. */
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What a handler may know besides the message. */
export interface Context {
  readonly from: Peer;
  /** Fires when the result is no longer wanted; its reason is a `BusError`, `cancelled` or `timeout`. */
  readonly signal: AbortSignal;
  /** Milliseconds since 1970 when `signal` will fire; `undefined` for never. */
  readonly deadline: number | undefined;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** What the handler's plugin can see, with its session services for this sender. */
  readonly services: Services;
  readonly log: Log;
}

/** What is around a handler and can hold a message up: the interceptor of a plugin. */
export interface Around {
  readonly plugin: string;
  /** What is around it in its turn. */
  readonly outer: Around | undefined;
  /** Whether it has passed the message on, and nothing has come of it yet. */
  readonly inside: boolean;
}

/** What a context tells that is the same for all messages of one type in one session. */
interface Told {
  readonly registration: { readonly plugin?: string; readonly log?: Log };
  readonly surroundings: {
    readonly from: Peer;
    readonly log: Log;
    readonly services: { of(owner: string | undefined): Services };
  };
}

/** The context of one message. The signal is made when it is first read: an `AbortController` is dear. */
export class MessageContext implements Context {
  readonly from: Peer;
  readonly log: Log;
  private controller: AbortController | undefined;
  private reason: Error | undefined;
  /** Whether all that the sender will get is known: nothing of this message may begin any more. */
  answered = false;
  /** The one that got the message last. */
  innermost: Around | undefined;

  constructor(
    private readonly route: Told,
    readonly deadline: number | undefined,
    readonly attempt: number,
  ) {
    const { registration, surroundings } = route;
    this.from = surroundings.from;
    this.log = registration.log ?? surroundings.log;
  }

  get services(): Services {
    const { registration, surroundings } = this.route;
    return surroundings.services.of(registration.plugin);
  }

  /** The same for another plugin that sees the message: one whose interceptor is around the handler. */
  servicesOf(owner: string): Services {
    return this.route.surroundings.services.of(owner);
  }

  /** Why the signal fired; `undefined` if it did not. */
  get stopped(): Error | undefined {
    return this.reason;
  }

  /** The plugin whose interceptor has the message now; `undefined` while the handler has it. */
  get heldBy(): string | undefined {
    let holder: string | undefined;
    for (let around = this.innermost; around !== undefined; around = around.outer)
      if (!around.inside) holder = around.plugin;
    return holder;
  }

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  /** Fires the signal, or makes it a fired one when it is read later. */
  abort(reason: Error): void {
    this.reason = reason;
    this.controller?.abort(reason);
  }
}
