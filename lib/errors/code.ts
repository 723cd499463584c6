/** What a code means, and what the one who gets it can do. The table behind `docs/errors.md`. */
export interface CodeRow {
  /** Whether the same call may succeed later without a change; an error may override it. */
  readonly retryable: boolean;
  readonly meaning: string;
  readonly remedy: string;
}

const row = (retryable: boolean, meaning: string, remedy: string): CodeRow => ({
  retryable,
  meaning,
  remedy,
});

/** Every error code, once. `ErrorCode` is derived from the keys. */
export const codes = {
  'handshake-refused': row(
    false,
    'the hub refused the worker',
    'read details.code; change the worker or the policy',
  ),
  'handshake-failed': row(
    true,
    'the handshake broke off or took too long',
    'look at the peer; the worker dials again',
  ),
  unauthenticated: row(
    false,
    'the peer did not prove who it is',
    'give the worker credentials that the hub accepts',
  ),
  incompatible: row(
    false,
    'the two sides do not fit: protocol, features, or a version that a policy refuses',
    'the text has both sides; upgrade the older one, or change the policy',
  ),
  'id-in-use': row(
    true,
    'a live worker has this id',
    'choose another id, or wait until the other one has left',
  ),
  'unknown-worker': row(
    false,
    'no worker has this id',
    'check the id; waitFor() waits until workers are there',
  ),
  'no-worker': row(true, 'no live worker fits the target', 'start one that handles the type, or wait longer'),
  'peer-lost': row(
    true,
    'the other process is gone or its session ended',
    'details.delivery says whether it may have been handled; send again if a repeat does no harm',
  ),
  timeout: row(true, 'the time for it ran out', 'raise timeoutMs, or look at what the handler waits for'),
  cancelled: row(false, 'the caller cancelled it', 'nothing; the signal or the unsubscribe came from you'),
  overflow: row(true, 'there is no room for it now', "send slower, await writable(), or use overflow 'wait'"),
  'too-large': row(
    false,
    'the payload is over the limit',
    'send less at once, or raise the limit on both sides',
  ),
  unserialisable: row(
    false,
    'the value cannot be encoded',
    'send plain data: no cycles, functions or BigInt',
  ),
  'invalid-payload': row(
    false,
    'the payload does not fit its contract',
    'read details.issues; mend the sender',
  ),
  unhandled: row(
    false,
    'the peer has no handler for this message type',
    'register a handler, or check the type',
  ),
  'handler-failed': row(
    false,
    'the handler threw',
    "read the message; the log on the handler's side has the stack",
  ),
  stuck: row(
    true,
    'an ordered handler has not settled since its timeout',
    'make the handler heed context.signal',
  ),
  draining: row(true, 'the peer finishes its work and takes no more', 'send to another worker, or later'),
  closed: row(false, 'this hub or worker is closed', 'create a new one'),
  protocol: row(false, 'the peer sent what the protocol does not allow', 'look at the peer and its version'),
  plugin: row(false, 'a plugin is wrong or failed', 'the text names the plugin and what it needs'),
  unreachable: row(
    true,
    'the address cannot be reached or listened on',
    'check address, port, TLS and firewall',
  ),
  'invalid-option': row(false, 'an option has a value that makes no sense', 'the text names the option'),
} as const satisfies Record<string, CodeRow>;

/** The code of a `BusError`: one of the rows in `docs/errors.md`. */
export type ErrorCode = keyof typeof codes;

/** Whether a string from the wire is a code of ours. */
export const isErrorCode = (value: string): value is ErrorCode => Object.hasOwn(codes, value);
