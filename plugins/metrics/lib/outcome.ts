import { BusError, type ErrorCode } from 'drumline/plugin';
import { other } from './label.js';

/** How something ended well. */
export const ok = 'ok';

const codes: Readonly<Record<ErrorCode, true>> = {
  'handshake-refused': true,
  'handshake-failed': true,
  unauthenticated: true,
  incompatible: true,
  'id-in-use': true,
  'unknown-worker': true,
  'no-worker': true,
  'peer-lost': true,
  timeout: true,
  cancelled: true,
  overflow: true,
  'too-large': true,
  unserialisable: true,
  'invalid-payload': true,
  unhandled: true,
  'handler-failed': true,
  stuck: true,
  draining: true,
  closed: true,
  protocol: true,
  plugin: true,
  unreachable: true,
  'invalid-option': true,
};

const isCode = (value: unknown): value is ErrorCode =>
  typeof value === 'string' && Object.hasOwn(codes, value);

/** A thrown value as a label. Like on the wire, whatever has no code of the bus is `handler-failed`. Never throws. */
export function codeOf(thrown: unknown): ErrorCode {
  try {
    if (BusError.is(thrown) && isCode(thrown.code)) return thrown.code;
  } catch {
    // A proxy or getter that throws.
  }
  return 'handler-failed';
}

/** Why a greeting was refused, as a label: what a worker is told of has the hub's own code in its details. */
export function refusalOf(error: BusError | undefined): string {
  const code = error?.details.code ?? error?.code;
  return isCode(code) ? code : other;
}
