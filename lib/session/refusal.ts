import { BusError, textOf } from '../errors/bus-error.js';
import type { ControlFrame } from '../frame/frame.js';
import type { Delivery } from './outbound.js';
import type { EndCause } from './state.js';

/** What broke a link, as an error of ours. */
export const asBusError = (thrown: unknown): BusError =>
  BusError.is(thrown)
    ? thrown
    : new BusError('protocol', `the link broke: ${textOf(thrown)}`, { cause: thrown });

/** What a call gets when its session is over. */
export function goneError(name: string, delivery: Delivery, cause: EndCause): BusError {
  if (cause === 'closed')
    return new BusError('closed', `this side closed before ${name} answered`, { details: { delivery } });
  const sent = delivery === 'not-sent' ? 'was not sent' : 'was sent, and may have been handled';
  return new BusError('peer-lost', `${name} is gone (${cause}): the message ${sent}`, {
    details: { delivery, cause },
  });
}

/** A refusal that carries an error to the other side. */
export const refusalOf = (error: BusError, retryAfterMs = 0): ControlFrame => ({
  kind: 'refusal',
  code: error.code,
  message: error.message,
  retryable: error.retryable,
  retryAfterMs,
  details: {},
});
