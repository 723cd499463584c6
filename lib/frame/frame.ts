// The unit on the wire, in memory. Field by field the same as proto/drumline/v1/bus.proto; the codec beside this
// file holds the two together.

/** How many milliseconds between beats and until each verdict; told to the worker in the welcome. */
export interface BeatTiming {
  readonly intervalMs: number;
  readonly suspectAfterMs: number;
  readonly lostAfterMs: number;
  readonly stalledAfterMs: number;
}

/** Credit: an absolute limit since the session began, in messages and in payload bytes. */
export interface Totals {
  readonly messages: number;
  readonly bytes: number;
}

/** What one side has received when it asks to resume: the last data frame's number, and the totals up to it. */
export interface Received extends Totals {
  readonly seq: number;
}

/**
 * A worker's greeting. Every field may be missing and unknown ones are ignored; nothing in it is believed but the
 * id, and that only once authentication agrees.
 */
export interface Hello {
  readonly kind: 'hello';
  readonly protocolMin?: number;
  readonly protocolMax?: number;
  /** Version of the SDK that speaks. */
  readonly sdk?: string;
  /** Name of the application. */
  readonly application?: string;
  /** Version of the application, as it was given; not checked for being semver. */
  readonly version?: string;
  readonly worker?: string;
  /** Random per process and worker: tells a restarted process from a reconnect. */
  readonly incarnation?: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Message types that the worker handles. */
  readonly handles: readonly string[];
  readonly features: readonly string[];
  /** Features without which this worker will not run. */
  readonly requires: readonly string[];
  /** Largest payload in bytes that the worker takes. */
  readonly maxPayloadBytes?: number;
  /** From the welcome of the session to be resumed. */
  readonly resumeToken?: string;
  /** What the worker has received in the session to be resumed. */
  readonly received?: Received;
  /** Room that the worker grants beyond what it has received (beyond nothing, in a new session). */
  readonly credit?: Totals;
  /** For the application: tokens, hints, anything. */
  readonly extra: Readonly<Record<string, string>>;
}

/** The hub's yes. */
export interface Welcome {
  readonly kind: 'welcome';
  readonly protocol: number;
  readonly sdk: string;
  readonly version?: string;
  readonly worker: string;
  /** Names this membership's link; frames of an older epoch change nothing. */
  readonly epoch: string;
  readonly features: readonly string[];
  /** Leniencies in words; not empty means degraded. */
  readonly reasons: readonly string[];
  readonly beat: BeatTiming;
  readonly maxPayloadBytes: number;
  readonly resumeToken: string;
  /** Set when the session was resumed: what the hub has received in it. */
  readonly received?: Received;
  /** Room that the hub grants beyond what it has received (beyond nothing, in a new session). */
  readonly credit: Totals;
  /** Message types that the hub handles. */
  readonly handles: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** With the feature `pulse`: the secret that a pulse for this session has to show. */
  readonly pulseToken?: string;
}

/** The hub's no. The link closes after it. */
export interface Refusal {
  readonly kind: 'refusal';
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** Do not dial again before this many milliseconds. */
  readonly retryAfterMs: number;
  readonly details: Readonly<Record<string, string>>;
}

/** A heartbeat. Never queued behind data, never replayed. */
export interface Beat {
  readonly kind: 'beat';
  /** Counts the beats of this link. */
  readonly n: number;
  /** Milliseconds since the beat before it was due, by the sender's clock: 0 is on time. */
  readonly lateMs: number;
  readonly inFlight: number;
  readonly queued: number;
  /** Messages whose handler has ended, since the process began. */
  readonly handled: number;
  /** Age in milliseconds of the handler that has been running longest; 0 when none runs. */
  readonly oldestMs: number;
  /** Asks for an answer: the receiver sends a beat of its own at once. */
  readonly probe: boolean;
  /** Over a pulse alone. */
  readonly progress?: Progress;
}

/** A handler, named by its message type, and its plugin: '' for the application's own. */
export interface Holder {
  readonly type: string;
  readonly plugin: string;
  /** It is known to run. Else it is in flight: it may hold the loop, or code outside of the handlers does. */
  readonly running: boolean;
}

/** What the thread that beats sees of the one that runs the handlers. */
export interface Progress {
  /** Counts the signs of life of the other thread. */
  readonly ticks: number;
  /** Milliseconds since the last of them, by the beating thread's clock. */
  readonly stillMs: number;
  /** By how many milliseconds the latest of them came too late, since the beat before. */
  readonly delayMs: number;
  /** While it stands still: the handler that holds it, or those that may. */
  readonly holders: readonly Holder[];
  /** CPU time of the process in milliseconds, since it began. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** The first frame of a pulse: for whom it beats, and the secret from the welcome of that session. */
export interface Pulse {
  readonly kind: 'pulse';
  readonly worker: string;
  readonly epoch: string;
  readonly token: string;
}

/** The hub to a pulse: the link of the session is silent or closed, and the worker is to dial again. */
export interface Redial {
  readonly kind: 'redial';
  readonly reason: string;
}

/** Leave to send, as absolute limits since the session began. */
export interface Credit extends Totals {
  readonly kind: 'credit';
}

/** Everything up to this data frame has been received, and what was refused has been answered before. */
export interface Ack {
  readonly kind: 'ack';
  readonly seq: number;
}

/** Stop working on the message with this number. */
export interface Cancel {
  readonly kind: 'cancel';
  readonly re: number;
  readonly reason: string;
}

/** Keep messages of this type back until released. */
export interface Hold {
  readonly kind: 'hold';
  readonly type: string;
  readonly held: boolean;
}

/** The whole list of message types that the sender handles from now on. */
export interface Announce {
  readonly kind: 'announce';
  readonly handles: readonly string[];
}

/** The sender finishes its work and takes no new messages. */
export interface Drain {
  readonly kind: 'drain';
}

/** The sender leaves for good; nothing follows. */
export interface Bye {
  readonly kind: 'bye';
  readonly reason: string;
  /** Number of the last data frame that was sent. */
  readonly seq: number;
}

/** Credit of one stream of replies: how many items may be sent in all. Travels from the consumer to the handler. */
export interface Pull {
  readonly kind: 'pull';
  readonly re: number;
  readonly items: number;
}

/** The sender of messages gives back credit that it does not use. Void if a grant that it had not seen is under way. */
export interface Release {
  readonly kind: 'release';
  /** The limit that it held. */
  readonly held: Totals;
  /** The limit that it goes on with. */
  readonly kept: Totals;
}

/** What the sender of a message waits for. `acceptance` also ends with an outcome, which carries no value. */
export type Expects = 'nothing' | 'acceptance' | 'reply' | 'stream';

/** A message for a handler. */
export interface Message {
  readonly kind: 'message';
  /** Number of this data frame, per session and direction, from 1, given as it leaves the outbox. */
  readonly seq: number;
  readonly type: string;
  readonly payload: Uint8Array;
  readonly expects: Expects;
  /** Codec of the payload: '' is JSON, 'bytes' is none. */
  readonly codec: string;
  /** Remaining time in milliseconds as it left; 0 is no deadline. */
  readonly timeoutMs: number;
  /** 1 for the first attempt. */
  readonly attempt: number;
  /** Set where the id must outlive this session (attempts through `any()`); else '' and derived from the number. */
  readonly id: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Bytes of the whole payload, of which `payload` is the beginning and chunks bring the rest; absent: it is whole. */
  readonly size?: number;
}

/** `value` and `done` and `fault` end it; `item` is one of a stream. */
export type OutcomeStatus = 'value' | 'item' | 'done' | 'fault';

/** A failure, as it travels. */
export interface Fault {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
  /** Only if the receiving hub or worker was told to expose stacks. */
  readonly stack?: string;
  /** JSON of the error's details; '' for none. */
  readonly details: string;
}

/** What became of a message. */
export interface Outcome {
  readonly kind: 'outcome';
  readonly seq: number;
  /** Number of the message that it answers, in the other direction. */
  readonly re: number;
  readonly status: OutcomeStatus;
  readonly payload: Uint8Array;
  readonly codec: string;
  readonly fault?: Fault;
  /** As in `Message`. */
  readonly size?: number;
}

/** The next part of a payload that a message or an outcome began. */
export interface Chunk {
  readonly kind: 'chunk';
  readonly seq: number;
  /** Number of the data frame that began it, in this direction. */
  readonly re: number;
  readonly payload: Uint8Array;
  /** Whether that was an outcome: only the bytes of messages count against the credit. */
  readonly outcome: boolean;
}

export type DataFrame = Message | Outcome | Chunk;
export type ControlFrame =
  | Hello
  | Welcome
  | Refusal
  | Beat
  | Credit
  | Ack
  | Cancel
  | Hold
  | Announce
  | Drain
  | Bye
  | Pull
  | Release
  | Pulse
  | Redial;
export type Frame = ControlFrame | DataFrame;
