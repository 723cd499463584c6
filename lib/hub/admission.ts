import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { BusError, textOf } from '../errors/bus-error.js';
import { isErrorCode } from '../errors/code.js';
import { encodeBatch } from '../frame/codec.js';
import type { Hello } from '../frame/frame.js';
import type { LinkPeer } from '../frame/peer.js';
import { isBusError } from '../handler/fault.js';
import type {
  Agreement,
  Authenticate,
  HandshakeContext,
  Identity,
  Negotiate,
} from '../handshake/negotiate.js';
import { type Opening, open } from '../session/opening.js';
import { refusalOf } from '../session/refusal.js';
import type { Clock } from '../time/clock.js';
import type { Link } from '../transport/link.js';

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly handshakeTimeoutMs: number;
  readonly maxHelloBytes: number;
  readonly maxGreetings: number;
  readonly authenticate: Authenticate | undefined;
  readonly negotiate: Negotiate;
  readonly hub: HandshakeContext['hub'];
  /** Gives the worker its place, or throws a refusal. */
  enter(admitted: Admitted): Promise<void>;
  refused(error: BusError, hello: Hello | undefined, link: Link): void;
  /** The plugin in which the greeting of a peer hangs now. */
  waitsFor(peer: LinkPeer): string | undefined;
  /** Frames of a kind that this version does not know were skipped. */
  unknownFrames(error: BusError): void;
}

/** A worker whose greeting was answered with yes. */
export interface Admitted {
  readonly opening: Opening;
  readonly hello: Hello;
  readonly identity: Identity | undefined;
  readonly agreement: Agreement;
}

/** The way in: greeting, authentication, negotiation. Whatever goes wrong costs this one link and nothing else. */
export class Admission {
  #greetings = 0;

  constructor(private readonly options: AdmissionOptions) {}

  async greet(link: Link): Promise<void> {
    const { options } = this;
    let hello: Hello | undefined;
    this.#greetings += 1;
    try {
      if (this.#greetings > options.maxGreetings)
        throw new BusError(
          'overflow',
          `${options.maxGreetings} links are being greeted already: dial again later`,
        );
      const opening = await open(link, {
        clock: options.clock,
        timeoutMs: options.handshakeTimeoutMs,
        maxBytes: options.maxHelloBytes,
        onUnknown: options.unknownFrames,
      });
      if (opening.first.kind !== 'hello')
        throw new BusError('protocol', `the first frame must be a hello, this was a ${opening.first.kind}`);
      hello = opening.first;
      const { identity, agreement } = await this.#negotiate(hello, link);
      await options.enter({ opening, hello, identity, agreement });
    } catch (thrown) {
      const error = refusalFor(thrown);
      link.write(encodeBatch([refusalOf(error, retryAfterMs(error))]), () => {});
      link.close();
      options.refused(error, hello, link);
    } finally {
      this.#greetings -= 1;
    }
  }

  async #negotiate(
    hello: Hello,
    { peer }: Link,
  ): Promise<{ identity: Identity | undefined; agreement: Agreement }> {
    const { authenticate, negotiate, hub } = this.options;
    const identity = authenticate
      ? checkIdentity(
          await this.#within(
            'authentication',
            peer,
            async () => authenticate(hello, { peer }),
            'unauthenticated',
          ),
        )
      : undefined;
    const agreement = await this.#within(
      'the handshake',
      peer,
      () => negotiate(hello, { peer, identity, hub }),
      'handshake-failed',
    );
    if (!isAgreement(agreement))
      throw new BusError('handshake-failed', 'the handshake chain gave something that is not an agreement');
    return { identity, agreement };
  }

  /** Runs a step under the deadline; what it throws that is no refusal becomes one. */
  #within<T>(
    step: string,
    peer: LinkPeer,
    run: () => Promise<T>,
    code: 'unauthenticated' | 'handshake-failed',
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const ms = this.options.handshakeTimeoutMs;
      const cancel = this.options.clock.after(ms, () => {
        const plugin = this.options.waitsFor(peer);
        const who = plugin === undefined ? step : `plugin '${plugin}': ${step}`;
        reject(new BusError('handshake-failed', `${who} gave no answer within ${ms} ms`));
      });
      const failed = (thrown: unknown) =>
        reject(
          isRefusal(thrown)
            ? thrown
            : new BusError(code, `${step} failed: ${textOf(thrown)}`, { cause: thrown }),
        );
      Promise.resolve().then(run).then(resolve, failed).finally(cancel);
    });
  }
}

/** What a chain gave, checked like anything that comes from a plugin. */
function isAgreement(value: unknown): value is Agreement {
  const agreement = value as Partial<Agreement> | null | undefined;
  return (
    typeof agreement === 'object' &&
    agreement !== null &&
    typeof agreement.protocol === 'number' &&
    agreement.protocol >= 0 &&
    areTexts(agreement.features) &&
    areTexts(agreement.reasons) &&
    isLimit(agreement.limits?.maxPayloadBytes) &&
    isLimit(agreement.limits?.maxUnanswered)
  );
}

const areTexts = (value: unknown) => Array.isArray(value) && value.every((text) => typeof text === 'string');
const isLimit = (value: unknown) => typeof value === 'number' && value > 0;

/** An identity is compared by its subject: one without would be the same as everybody else without. */
function checkIdentity(identity: Identity | undefined): Identity | undefined {
  if (identity === undefined || typeof identity?.subject === 'string') return identity;
  throw new BusError(
    'unauthenticated',
    'authentication gave no identity: it must return { subject: string, ... } or undefined, or throw',
  );
}

/** Whether it can travel as a refusal: what a plugin throws may only look like one. */
const isRefusal = (thrown: unknown): thrown is BusError =>
  isBusError(thrown) && isErrorCode(thrown.code) && typeof thrown.message === 'string';

const refusalFor = (thrown: unknown): BusError =>
  isRefusal(thrown) ? thrown : new BusError('handshake-failed', `the handshake failed: ${textOf(thrown)}`);

/** A refused worker does not hammer the hub: how long it waits before it dials again, if it may. */
const retryAfterMs = (error: BusError): number => (error.code === 'id-in-use' ? 500 : 1_000);

/** A secret that nobody can guess, for one session. */
export const newToken = (): string => randomBytes(24).toString('base64url');

/** Names one membership; the random part keeps a restarted hub from repeating one. */
export const newEpoch = (count: number): string => `${count}.${randomBytes(6).toString('hex')}`;

/** Compares secrets in a time that tells nothing. */
export function sameToken(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
