import { BusError, textOf } from '../errors/bus-error.js';
import { type ErrorCode, isErrorCode } from '../errors/code.js';
import { encodeBatch } from '../frame/codec.js';
import type { Hello, Refusal, Welcome } from '../frame/frame.js';
import { type Opening, open } from '../session/opening.js';
import { Backoff } from '../time/backoff.js';
import type { Cancel, Clock } from '../time/clock.js';
import type { ClientTls, Link, Transport } from '../transport/link.js';
import { checkExtra, type Extra } from './option.js';

export interface ConnectionOptions {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly address: string;
  readonly tls: ClientTls | undefined;
  readonly maxBatchBytes: number;
  readonly handshakeTimeoutMs: number;
  readonly initialMs: number;
  readonly maxMs: number;
  random(): number;
  readonly extra: Extra | (() => Extra | Promise<Extra>);
  /** Made anew for each dial. */
  hello(extra: Extra): Hello;
  welcomed(opening: Opening, welcome: Welcome): void;
  /** A dial failed. Not `retryable`: the connection has given up. */
  failed(error: BusError): void;
  /** Frames of a kind that this version does not know were skipped. */
  unknownFrames(error: BusError): void;
}

/** Dials the hub until it is welcomed, and again when told to; each dial is a link of its own. */
export class Connection {
  readonly #backoff: Backoff;
  #link: Link | undefined;
  #welcomedAt = 0;
  #cancelWait: Cancel = () => {};
  /** Counts the dials, so that an answer to one that was given up changes nothing. */
  #dials = 0;

  constructor(private readonly options: ConnectionOptions) {
    this.#backoff = new Backoff(options.initialMs, options.maxMs, options.random);
  }

  /** Dials now, and until it is welcomed or refused for good. */
  dial(): void {
    void this.#attempt();
  }

  /** Dials after a wait: the link was lost. Only one that had lasted makes the waits short again. */
  redial(): void {
    const { clock, maxMs } = this.options;
    if (clock.now() - this.#welcomedAt >= maxMs) this.#backoff.reset();
    this.#wait(0);
  }

  /** Dials no more, until told to. */
  stop(): void {
    this.#cancelWait();
    this.#link?.abort();
    this.#link = undefined;
    this.#dials += 1;
  }

  async #attempt(): Promise<void> {
    const { options } = this;
    const { clock, transport, address, tls, maxBatchBytes } = options;
    const dial = ++this.#dials;
    let link: Link | undefined;
    try {
      const { extra } = options;
      const asked = typeof extra === 'function' ? await this.#asked(extra) : extra;
      if (dial !== this.#dials) return;
      link = transport.dial({ address, maxBatchBytes, ...(tls ? { tls } : {}) }, 'attach');
      this.#link = link;
      link.write(encodeBatch([options.hello(asked)]), () => {});
      const opening = await open(link, {
        clock,
        timeoutMs: options.handshakeTimeoutMs,
        // A hub that resumes a session goes on with its data at once.
        maxBytes: 4 * maxBatchBytes,
        onUnknown: options.unknownFrames,
      });
      if (dial !== this.#dials) return link.abort();
      this.#link = undefined;
      const { first } = opening;
      if (first.kind === 'refusal') throw new Refused(first);
      if (first.kind !== 'welcome')
        throw new BusError('protocol', `the hub at ${address} answered the greeting with a ${first.kind}`);
      this.#welcomedAt = clock.now();
      options.welcomed(opening, first);
    } catch (thrown) {
      link?.abort();
      if (dial !== this.#dials) return;
      this.#link = undefined;
      const refusal = thrown instanceof Refused ? thrown.refusal : undefined;
      const error = refusal ? refusedError(refusal, address) : asBusError(thrown, address);
      // Only a refusal or a wrong option is final; a broken handshake may be the hub's bad moment.
      const final = refusal ? !refusal.retryable : error.code === 'invalid-option';
      options.failed(final ? error : retryable(error));
      if (!final) this.#wait(refusal?.retryAfterMs ?? 0);
    }
  }

  /** Its failure is not final: what gives the tokens may be away. */
  #asked(extra: () => Extra | Promise<Extra>): Promise<Extra> {
    const { clock, handshakeTimeoutMs } = this.options;
    return new Promise<Extra>((resolve, reject) => {
      const failed = (what: string, cause?: unknown) =>
        reject(new BusError('handshake-failed', `the worker's own extra() ${what}`, { cause }));
      const cancel = clock.after(handshakeTimeoutMs, () =>
        failed(`gave nothing within ${handshakeTimeoutMs} ms`),
      );
      new Promise<Extra>((given) => given(extra()))
        .then((given) => {
          checkExtra(given);
          resolve(given);
        })
        .catch((thrown) => failed(`failed: ${textOf(thrown)}`, thrown))
        .finally(cancel);
    });
  }

  #wait(floorMs: number): void {
    this.#cancelWait();
    this.#cancelWait = this.options.clock.after(this.#backoff.next(floorMs), () => void this.#attempt());
  }
}

class Refused {
  constructor(readonly refusal: Refusal) {}
}

/** The hub's no, as the worker's user gets it: `details.code` says why. */
function refusedError({ code, message, retryable, details }: Refusal, address: string): BusError {
  const reason: ErrorCode = isErrorCode(code) ? code : 'handshake-refused';
  return new BusError('handshake-refused', `the hub at ${address} refused this worker: ${message}`, {
    retryable,
    details: { ...details, code: reason },
    cause: new BusError(reason, message, { retryable }),
  });
}

const asBusError = (thrown: unknown, address: string): BusError =>
  BusError.is(thrown)
    ? thrown
    : new BusError('handshake-failed', `the handshake with the hub at ${address} broke: ${textOf(thrown)}`);

const retryable = (error: BusError): BusError =>
  error.retryable
    ? error
    : new BusError(error.code, error.message, {
        retryable: true,
        details: error.details,
        cause: error.cause,
      });
