import { BusError, textOf } from '../errors/bus-error.js';
import type { ControlFrame } from '../frame/frame.js';
import { cut } from '../handler/fault.js';
import type { Delivery } from './outbound.js';
import type { EndCause } from './state.js';

/** What broke a link, as an error of ours. */
export const asBusError = (thrown: unknown): BusError =>
  BusError.is(thrown)
    ? thrown
    : new BusError('protocol', `the link broke: ${textOf(thrown)}`, { cause: thrown });

const goneHere = new WeakSet<BusError>();

/** Whether an error says that a session of ours is over; one that a handler threw elsewhere never does. */
export const isGone = (thrown: unknown): thrown is BusError => BusError.is(thrown) && goneHere.has(thrown);

/** What a call gets when its session is over. */
export function goneError(name: string, delivery: Delivery, cause: EndCause): BusError {
  if (cause === 'closed')
    return new BusError('closed', `this side closed before ${name} answered`, { details: { delivery } });
  const sent = delivery === 'not-sent' ? 'was not sent' : 'was sent, and may have been handled';
  const error = new BusError('peer-lost', `${name} is gone (${cause}): the message ${sent}`, {
    details: { delivery, cause },
  });
  goneHere.add(error);
  return error;
}

/** A refusal that carries an error to the other side. */
export const refusalOf = (error: BusError, retryAfterMs = 0): ControlFrame => ({
  kind: 'refusal',
  code: error.code,
  message: error.message,
  retryable: error.retryable,
  retryAfterMs,
  details: texts(error.details),
});

const maxDetails = 16;
const maxDetailBytes = 1_024;

/** Details as they travel in a refusal: a few short texts, what is no text as JSON. */
function texts(details: Readonly<Record<string, unknown>>): Record<string, string> {
  const told: Record<string, string> = {};
  for (const [name, value] of Object.entries(details).slice(0, maxDetails)) {
    try {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      if (text !== undefined) told[name] = cut(text, maxDetailBytes);
    } catch {
      told[name] = 'cannot be encoded';
    }
  }
  return told;
}
