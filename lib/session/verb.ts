import { BusError, textOf } from '../errors/bus-error.js';
import type { Outcome } from '../frame/frame.js';
import type { CallOptions, Published, PublishOptions } from '../handler/call-option.js';
import { decodeReply } from '../handler/decode-reply.js';
import { Waiting } from './calling.js';
import { type Attempt, draft, type Encoded, publishOf } from './draft.js';
import { known, type Names } from './known.js';
import { Session } from './session.js';

const names: Names<PublishOptions> = { headers: true, overflow: true };

/** `send` and `request` have this form, so that `any()` can try either elsewhere. */
export type Verb<T> = (
  session: Session,
  encoded: Encoded,
  deadlineAt: number,
  options: CallOptions,
  attempt?: Attempt,
) => Promise<T>;

/** One payload, encoded once, to one or to each of the peers. */
export function publishTo(
  to: Session | readonly Session[],
  encoded: Encoded,
  options: PublishOptions,
): Published {
  known('publish', options, names);
  const { headers, overflow = 'drop-newest' } = options;
  if (overflow !== 'drop-newest' && overflow !== 'drop-oldest')
    throw new BusError(
      'invalid-option',
      `overflow of a publish is 'drop-newest' or 'drop-oldest', not ${textOf(overflow)}`,
    );
  const told = { queued: 0, dropped: 0 };
  const publish = publishOf(encoded, headers);
  if (to instanceof Session) to.outbound.publish(publish, overflow, told);
  else for (const { outbound } of to) outbound.publish(publish, overflow, told);
  return told;
}

/** Resolves when the peer has accepted the message. */
export const send: Verb<void> = (session, encoded, deadlineAt, options, attempt) =>
  new Promise((resolve, reject) => {
    const message = draft(encoded, 'acceptance', 0, options.headers, attempt);
    new Sending(session, encoded, options, resolve, reject).begin(message, deadlineAt);
  });

class Sending extends Waiting {
  constructor(
    session: Session,
    encoded: Encoded,
    options: CallOptions,
    private readonly resolve: () => void,
    private readonly reject: (error: BusError) => void,
  ) {
    super(session, encoded, options);
  }

  override accepted(): void {
    this.settled();
    this.resolve();
  }

  override outcome(outcome: Outcome): boolean {
    if (outcome.status === 'fault') this.reject(this.errorOf(outcome));
    else this.resolve();
    this.settled();
    return true;
  }

  override failed(error: BusError): void {
    this.settled();
    this.reject(error);
  }

  override undelivered(error: BusError): void {
    this.session.undelivered(this.type, error);
  }
}

/** Resolves with the reply. */
export const request: Verb<unknown> = (session, encoded, deadlineAt, options, attempt) =>
  new Promise((resolve, reject) => {
    const message = draft(encoded, 'reply', deadlineAt, options.headers, attempt);
    new Requesting(session, encoded, options, resolve, reject).begin(message, deadlineAt);
  });

class Requesting extends Waiting {
  constructor(
    session: Session,
    encoded: Encoded,
    options: CallOptions,
    private readonly resolve: (reply: unknown) => void,
    private readonly reject: (thrown: unknown) => void,
  ) {
    super(session, encoded, options);
  }

  override outcome(outcome: Outcome): boolean {
    const { contract, codecs } = this;
    if (outcome.status === 'fault') this.reject(this.errorOf(outcome));
    else
      try {
        this.resolve(decodeReply(contract, outcome, codecs));
      } catch (thrown) {
        this.reject(thrown);
      }
    this.settled();
    return true;
  }

  override failed(error: BusError): void {
    this.settled();
    this.reject(error);
  }
}
