import { defer, Observable, takeWhile } from 'rxjs';
import { type BusError, textOf } from '../errors/bus-error.js';
import type { CallOptions, Published, PublishOptions } from '../handler/call-option.js';
import type { Log } from '../handler/context.js';
import type { Target } from '../handler/target.js';
import {
  type AnyMessage,
  contractOf,
  type SendFunction,
  type SendMessage,
  type VerbName,
} from '../handler/verbs.js';
import type { Clock } from '../time/clock.js';
import { Sending, type SendingOptions } from './sending.js';

/** A call as its caller made it. */
export interface Order<Options = CallOptions | PublishOptions> {
  readonly verb: VerbName;
  readonly target: Target;
  readonly message: AnyMessage;
  readonly payload: unknown;
  readonly options: Options;
}

/** Sends what came through the interceptors, with the options of the caller and the headers as they are now. */
type Onward<Options, Result> = (payload: unknown, options: Options) => Result;

/** An observable whose subscribers cannot hurt anybody: what they throw goes to `onThrow`. */
type Isolated = (items$: Observable<unknown>, onThrow: (thrown: unknown) => void) => Observable<unknown>;

/** Where what is sent leaves the interceptors. The context is the one that went in, whatever is between. */
export const toBus: SendFunction = (message, context) => (context as Sending).go(message);

/** What a process sends, through the interceptors of its plugins, which see each call before it is encoded. */
export class Sends {
  readonly #send: SendFunction;
  readonly #underWay = new Set<Sending>();

  /** `send` is `toBus` with interceptors around it. */
  constructor(
    send: SendFunction,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly isolated: Isolated,
  ) {
    this.#send = send;
  }

  /** Whether no caller waits. */
  get settled(): boolean {
    return this.#underWay.size === 0;
  }

  publish(order: Order, onward: Onward<PublishOptions, Published>): Published {
    const { message, sending } = this.#begin(order, Number.POSITIVE_INFINITY, (changed, sending) =>
      onward(changed.payload, optionsOf<PublishOptions>(changed, sending)),
    );
    return this.#send(message, sending) as Published;
  }

  /** For `send` and `request`. */
  call(order: Order, deadlineAt: number, onward: Onward<CallOptions, Promise<unknown>>): Promise<unknown> {
    const { message, sending } = this.#begin(order, deadlineAt, async (changed, sending) => {
      sending.enter();
      try {
        return await onward(changed.payload, optionsOf<CallOptions>(changed, sending));
      } finally {
        sending.leave();
      }
    });
    return new Promise((resolve, reject) => {
      const end = this.#wait(sending, reject);
      const sent = async () => this.#send(message, sending);
      sent().then(
        (result) => end(() => resolve(result)),
        (thrown) => end(() => reject(thrown)),
      );
    });
  }

  /** The items of one call; for one subscription. */
  stream(
    order: Order,
    deadlineAt: number,
    onward: Onward<CallOptions, Observable<unknown>>,
  ): Observable<unknown> {
    const { message, sending } = this.#begin(order, deadlineAt, (changed, sending) =>
      this.isolated(
        this.#taken(sending, () => onward(changed.payload, optionsOf(changed, sending))),
        this.#onThrow,
      ),
    );
    return new Observable((subscriber) => {
      const end = this.#wait(sending, (error) => subscriber.error(error));
      const items$ = defer(() => this.#send(message, sending) as Observable<unknown>);
      // One that gives its items at once is stopped before it can be unsubscribed.
      const subscription = items$.pipe(takeWhile(() => !subscriber.closed)).subscribe({
        next: (item) => this.#guard(() => subscriber.next(item)),
        error: (thrown) => end(() => this.#guard(() => subscriber.error(thrown))),
        complete: () => end(() => this.#guard(() => subscriber.complete())),
      });
      return () => {
        end(() => {});
        this.#guard(() => subscription.unsubscribe());
      };
    });
  }

  /** Nobody waits for an interceptor any longer: whoever does hears `error`. */
  close(error: BusError): void {
    for (const sending of [...this.#underWay]) sending.giveUp(() => error);
  }

  #begin(order: Order, deadlineAt: number, onward: SendingOptions['onward']) {
    const { verb, target, payload } = order;
    const { type } = contractOf(order.message);
    const { headers } = order.options;
    const { clock, log } = this;
    const options = withoutHeaders(order.options);
    return {
      // Frozen, and the caller's headers copied: what an interceptor changes is a message of its own.
      message: Object.freeze({ payload, type, headers: copyOf(headers) }),
      sending: new Sending({ verb, target, type, options, log, clock, deadlineAt, onward }),
    };
  }

  /** The items as the bus gives them to the innermost interceptor. What that throws at them stays with it. */
  #taken(sending: Sending, onward: () => Observable<unknown>): Observable<unknown> {
    return new Observable((subscriber) => {
      sending.enter();
      subscriber.add(() => sending.leave());
      const subscription = defer(onward).subscribe({
        next: (item) => this.#guard(() => subscriber.next(item)),
        error: (thrown) => this.#guard(() => subscriber.error(thrown)),
        complete: () => this.#guard(() => subscriber.complete()),
      });
      return () => subscription.unsubscribe();
    });
  }

  /** RxJS would end the process, or let it through to whoever gives the items. */
  #guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#onThrow(thrown);
    }
  }

  readonly #onThrow = (thrown: unknown) =>
    this.log.error(`an interceptor or a subscriber of a stream threw: ${textOf(thrown)}`, { error: thrown });

  #wait(sending: Sending, fail: (error: BusError) => void): (last: () => void) => void {
    this.#underWay.add(sending);
    return sending.limit(fail, () => this.#underWay.delete(sending));
  }
}

const noHeaders: SendMessage['headers'] = Object.freeze({});

/** What is no plain object stays as it is: that is told when it is encoded, and not made into one here. */
function copyOf(headers: SendMessage['headers'] = noHeaders): SendMessage['headers'] {
  if (headers === noHeaders || typeof headers !== 'object' || headers === null) return headers;
  return [Object.prototype, null].includes(Object.getPrototypeOf(headers))
    ? Object.freeze({ ...headers })
    : headers;
}

function withoutHeaders(options: Order['options']): SendingOptions['options'] {
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(options)) if (name !== 'headers') rest[name] = value;
  return Object.freeze(rest);
}

const optionsOf = <Options extends CallOptions | PublishOptions>(
  { headers }: SendMessage,
  { options }: Sending,
): Options => (headers === noHeaders ? options : { ...options, headers }) as Options;
