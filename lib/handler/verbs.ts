import type { Observable } from 'rxjs';
import { BusError } from '../errors/bus-error.js';
import type { CallOptions, Published, PublishOptions } from './call-option.js';
import type { Log } from './context.js';
import type {
  AnyContract,
  PayloadAndOptions,
  RequestContract,
  SendOutput,
  StreamContract,
} from './contract.js';
import { cut } from './fault.js';
import type { OneTarget, Target } from './target.js';

/** How something can be sent. */
export type VerbName = 'publish' | 'send' | 'request' | 'stream';

/** A message before it is sent: the payload is not encoded yet. */
export interface SendMessage {
  readonly payload: unknown;
  readonly type: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What is known of a call besides its message. */
export interface SendContext {
  readonly verb: VerbName;
  /** As the caller gave it; on a worker it is always `hub`. */
  readonly target: Target;
  /** As the caller gave them, without the headers. */
  readonly options: Omit<CallOptions, 'headers'> | Omit<PublishOptions, 'headers'>;
  readonly log: Log;
}

/**
 * Sends a message, and gives what its verb gives: `publish` what was queued and dropped, at once; `send` and `request`
 * a promise; `stream` an observable.
 */
export type SendFunction = (message: SendMessage, context: SendContext) => unknown;

/** What can be sent from a hub; the methods of `Hub` say what each gives. */
export interface HubVerbs {
  publish(target: Target, message: string, payload: unknown, options?: PublishOptions): Published;
  publish<C extends RequestContract>(
    target: Target,
    message: C,
    ...rest: PayloadAndOptions<C, PublishOptions>
  ): Published;
  send(target: OneTarget, message: string, payload: unknown, options?: CallOptions): Promise<void>;
  send<C extends RequestContract>(
    target: OneTarget,
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Promise<void>;
  request(target: OneTarget, message: string, payload: unknown, options?: CallOptions): Promise<unknown>;
  request<C extends RequestContract>(
    target: OneTarget,
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Promise<SendOutput<C>>;
  stream(target: OneTarget, message: string, payload: unknown, options?: CallOptions): Observable<unknown>;
  stream<C extends StreamContract>(
    target: OneTarget,
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Observable<SendOutput<C>>;
}

/** What can be sent from a worker, always to its hub; the methods of `Worker` say what each gives. */
export interface WorkerVerbs {
  publish(message: string, payload: unknown, options?: PublishOptions): Published;
  publish<C extends RequestContract>(message: C, ...rest: PayloadAndOptions<C, PublishOptions>): Published;
  send(message: string, payload: unknown, options?: CallOptions): Promise<void>;
  send<C extends RequestContract>(message: C, ...rest: PayloadAndOptions<C, CallOptions>): Promise<void>;
  request(message: string, payload: unknown, options?: CallOptions): Promise<unknown>;
  request<C extends RequestContract>(
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Promise<SendOutput<C>>;
  stream(message: string, payload: unknown, options?: CallOptions): Observable<unknown>;
  stream<C extends StreamContract>(
    message: C,
    ...rest: PayloadAndOptions<C, CallOptions>
  ): Observable<SendOutput<C>>;
}

/** What names a message: its contract, or its type alone. */
export type AnyMessage = AnyContract | string;

/** The longest message type, in UTF-16 units. */
const maxType = 255;

/** The contract of a message, whatever names it. Throws `invalid-option` for a message type that cannot be one. */
export function contractOf(message: AnyMessage): AnyContract {
  const contract: AnyContract = typeof message === 'string' ? { type: message } : message;
  const type: unknown = contract?.type;
  if (typeof type === 'string' && type !== '' && type.length <= maxType) return contract;
  throw new BusError(
    'invalid-option',
    `a message is named by a contract or by a string of 1 to ${maxType} characters, not by ${cut(String(type), 64)}`,
  );
}
