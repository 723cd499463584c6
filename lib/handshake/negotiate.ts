import type { Hello } from '../frame/frame.js';
import type { LinkPeer } from '../frame/peer.js';

/**
 * Who a peer proved to be: a frozen copy of what `authenticate` returned. `subject` is compared when an id is claimed;
 * the claims are whatever the authenticator knows (roles, a tenant, a time of expiry), as plain data.
 */
export interface Identity {
  /** Never empty. */
  readonly subject: string;
  readonly [claim: string]: unknown;
}

/** What the two sides settled on, and every leniency that it took, in words. */
export interface Agreement {
  /** The protocol major that both speak; 0 for a peer that named none (the baseline profile). */
  readonly protocol: number;
  readonly features: readonly string[];
  readonly limits: Limits;
  /** Whether `reasons` is not empty. */
  readonly degraded: boolean;
  readonly reasons: readonly string[];
}

/** Bounds that hold for one session. */
export interface Limits {
  /** Largest payload of one message, in bytes, that either side takes from the other. */
  readonly maxPayloadBytes: number;
  /** Messages without an outcome, each way; `Infinity` where credit does this work. */
  readonly maxUnanswered: number;
}

/** The hub's own side of a negotiation. */
export interface LocalProfile {
  readonly sdk: string;
  readonly version: string | undefined;
  readonly protocolMin: number;
  readonly protocolMax: number;
  readonly features: readonly string[];
  /** Features without which a worker is refused. */
  readonly requires: readonly string[];
  readonly maxPayloadBytes: number;
}

/** What a negotiation knows besides the hello. */
export interface HandshakeContext {
  readonly peer: LinkPeer;
  /** `undefined` where no `authenticate` is configured, and only there. */
  readonly identity: Identity | undefined;
  readonly hub: LocalProfile;
  /** Fires when the answer is no longer wanted: the deadline has passed, or the hub closes. */
  readonly signal: AbortSignal;
}

/** Answers a hello with an agreement, or throws a `BusError`, which becomes the refusal that the worker gets. */
export type Negotiate = (hello: Hello, context: HandshakeContext) => Promise<Agreement>;

/** Wraps a negotiation: decides before `next`, changes what it gave, or never calls it. First listed = outermost. */
export type HandshakeMiddleware = (next: Negotiate) => Negotiate;

/**
 * Says who the peer is, or throws. Asked once for each link, those that resume a session included, before the handshake
 * chain, which cannot skip it. Whatever it returns that is no identity (`undefined`, an empty subject) refuses the peer
 * with `unauthenticated`; who is let in as nobody in particular needs a subject too, such as `anonymous`.
 *
 * A `BusError` that it throws is the refusal, text, details and `retryable` included. Of anything else the peer hears
 * only `unauthenticated`, and the hub's `refused` event has it as `error.cause`. It has `handshakeTimeoutMs`; then
 * `signal` fires and the peer gets a retryable `handshake-failed`.
 */
export type Authenticate = (
  hello: Hello,
  context: { readonly peer: LinkPeer; readonly signal: AbortSignal },
) => Identity | Promise<Identity>;

/** The chain around the default, first listed = outermost. */
export const chain = (middleware: readonly HandshakeMiddleware[], base: Negotiate): Negotiate =>
  middleware.reduceRight((next, wrap) => wrap(next), base);
