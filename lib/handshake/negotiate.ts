import type { Hello } from '../frame/frame.js';
import type { LinkPeer } from '../frame/peer.js';

/** Who a peer proved to be; what `authenticate` returned. Compared by `subject` when an id is claimed. */
export interface Identity {
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
  readonly identity: Identity | undefined;
  readonly hub: LocalProfile;
}

/** Answers a hello with an agreement, or throws a `BusError`, which becomes the refusal that the worker gets. */
export type Negotiate = (hello: Hello, context: HandshakeContext) => Promise<Agreement>;

/** Wraps a negotiation: decides before `next`, changes what it gave, or never calls it. First listed = outermost. */
export type HandshakeMiddleware = (next: Negotiate) => Negotiate;

/**
 * Says who the peer is, or throws. Runs before the handshake chain and cannot be skipped by it. `undefined` means
 * that the peer is nobody in particular, and is let in.
 */
export type Authenticate = (
  hello: Hello,
  context: { readonly peer: LinkPeer },
) => Identity | undefined | Promise<Identity | undefined>;

/** The chain around the default, first listed = outermost. */
export const chain = (middleware: readonly HandshakeMiddleware[], base: Negotiate): Negotiate =>
  middleware.reduceRight((next, wrap) => wrap(next), base);
