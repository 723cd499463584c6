import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { BusError, textOf } from '../errors/bus-error.js';
import { isErrorCode } from '../errors/code.js';
import { encodeBatch } from '../frame/codec.js';
import type { Hello } from '../frame/frame.js';
import type { LinkPeer } from '../frame/peer.js';
import { isBusError } from '../handler/fault.js';
import { isAgreement } from '../handshake/agreement.js';
import { frozenCopy } from '../handshake/frozen.js';
import { identityOf } from '../handshake/identity.js';
import type {
  Agreement,
  Authenticate,
  HandshakeContext,
  Identity,
  Negotiate,
} from '../handshake/negotiate.js';
import { shown } from '../handshake/shown.js';
import { type Opening, type OpeningOptions, open } from '../session/opening.js';
import { refusalOf } from '../session/refusal.js';
import type { Clock } from '../time/clock.js';
import type { Link } from '../transport/link.js';
import { Crowd } from './crowd.js';

export interface AdmissionOptions {
  readonly clock: Clock;
  readonly handshakeTimeoutMs: number;
  readonly maxHelloBytes: number;
  readonly maxGreetings: number;
  readonly maxGreetingsPerAddress: number;
  readonly authenticate: Authenticate | undefined;
  readonly negotiate: Negotiate;
  readonly hub: HandshakeContext['hub'];
  /** Gives the worker its place, or throws a refusal. */
  enter(admitted: Admitted): Promise<void>;
  /** `claimed` is the id that the peer gave, if it came to that: nobody has proved anything. */
  refused(error: BusError, claimed: string | undefined): void;
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
  readonly #hub: HandshakeContext['hub'];
  readonly #crowd: Crowd;
  /** What is under way, by the peer of its link: each link has a `peer` object of its own. */
  readonly #greets = new Map<LinkPeer, Promise<void>>();
  /** Ends the step that a greeting waits for. */
  readonly #steps = new Map<LinkPeer, (error: BusError) => void>();

  readonly #opening: OpeningOptions;

  constructor(private readonly options: AdmissionOptions) {
    const { clock, handshakeTimeoutMs: timeoutMs, maxHelloBytes: maxBytes, unknownFrames } = options;
    this.#opening = { clock, timeoutMs, maxBytes, onUnknown: unknownFrames };
    this.#hub = frozenCopy(options.hub);
    this.#crowd = new Crowd(options.maxGreetings, options.maxGreetingsPerAddress);
  }

  greet(link: Link): Promise<void> {
    const greeted = this.#greet(link);
    this.#greets.set(link.peer, greeted);
    return greeted;
  }

  async #greet(link: Link): Promise<void> {
    const { options } = this;
    const { peer } = link;
    let hello: Hello | undefined;
    let leave = () => {};
    try {
      leave = this.#crowd.enter(peer);
      const opening = await open(link, this.#opening);
      if (opening.first.kind !== 'hello')
        throw new BusError('protocol', `the first frame must be a hello, this was a ${opening.first.kind}`);
      // Frozen, so that nothing on the way in can give the peer another id or another token.
      hello = frozenCopy(opening.first);
      const identity = await this.#authenticate(hello, peer);
      const agreement = await this.#negotiate(hello, peer, identity);
      if (opening.ended)
        throw new BusError('handshake-failed', `${peer.address} hung up before its greeting was answered`);
      await options.enter({ opening, hello, identity, agreement });
    } catch (thrown) {
      const { error, batch } = refusalFor(thrown);
      link.write(batch, () => {});
      const left = link.close();
      options.refused(error, hello?.worker && shown(hello.worker));
      await left;
    } finally {
      leave();
      this.#greets.delete(peer);
    }
  }

  /** A step of its own, ahead of the chain and out of its reach. */
  async #authenticate(hello: Hello, peer: LinkPeer): Promise<Identity | undefined> {
    const { authenticate } = this.options;
    if (authenticate === undefined) return undefined;
    const returned = await this.#within('authentication', peer, (signal) =>
      authenticate(hello, Object.freeze({ peer, signal })),
    ).catch((thrown: unknown) => {
      if (isRefusal(thrown)) throw thrown;
      // Not a word of it: the text of an accident may hold the token, or the address of the directory.
      throw new BusError('unauthenticated', 'authentication failed', { cause: thrown });
    });
    return identityOf(returned);
  }

  async #negotiate(hello: Hello, peer: LinkPeer, identity: Identity | undefined): Promise<Agreement> {
    const given = await this.#within('the handshake', peer, (signal) =>
      this.options.negotiate(hello, Object.freeze({ peer, identity, hub: this.#hub, signal })),
    );
    const agreement = agreementOf(given);
    if (agreement !== undefined) return agreement;
    throw new BusError('handshake-failed', 'the handshake chain gave something that is not an agreement');
  }

  /** The hub closes: who waits for an answer is refused. Resolves when they have been told. */
  async close(error: BusError): Promise<void> {
    const steps = [...this.#steps];
    for (const [, end] of steps) end(error);
    await Promise.all(steps.map(([peer]) => this.#greets.get(peer)));
  }

  /** Runs a step under the deadline. */
  #within<T>(step: string, peer: LinkPeer, run: (signal: AbortSignal) => T | Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const ms = this.options.handshakeTimeoutMs;
      const controller = new AbortController();
      const end = (error: BusError) => {
        cancel();
        this.#steps.delete(peer);
        reject(error);
        controller.abort(error);
      };
      const cancel = this.options.clock.after(ms, () => {
        const plugin = this.options.waitsFor(peer);
        const who = plugin === undefined ? step : `plugin '${plugin}': ${step}`;
        end(new BusError('handshake-failed', `${who} gave no answer within ${ms} ms`));
      });
      this.#steps.set(peer, end);
      const settled = () => {
        cancel();
        this.#steps.delete(peer);
      };
      Promise.resolve(controller.signal).then(run).then(resolve, reject).finally(settled);
    });
  }
}

/** A copy: what a plugin keeps of it, or a getter in it, must not change what was checked. */
function agreementOf(given: unknown): Agreement | undefined {
  try {
    const copy = frozenCopy(given);
    return isAgreement(copy) ? copy : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it can travel as a refusal: what a plugin throws may only look like one. */
function isRefusal(thrown: unknown): thrown is BusError {
  try {
    return isBusError(thrown) && isErrorCode(thrown.code) && typeof thrown.message === 'string';
  } catch {
    return false;
  }
}

/** The refusal, and how it travels. Never throws: what was thrown is encoded under guard. */
function refusalFor(thrown: unknown): { readonly error: BusError; readonly batch: Uint8Array } {
  try {
    if (isRefusal(thrown))
      return { error: thrown, batch: encodeBatch([refusalOf(thrown, retryAfterMs(thrown))]) };
  } catch {
    // A getter in it throws, or its details are none.
  }
  const error = new BusError('handshake-failed', `the handshake failed: ${textOf(thrown)}`, {
    cause: thrown,
  });
  return { error, batch: encodeBatch([refusalOf(error, retryAfterMs(error))]) };
}

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
