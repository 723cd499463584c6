import { BusError } from '../errors/bus-error.js';

// Why a message is not taken.

export const unhandled = (type: string) =>
  new BusError('unhandled', `no handler is registered for '${type}': register one, or check the type`, {
    details: { type },
  });

export const beyondCredit = (type: string) =>
  new BusError('overflow', `'${type}' was sent beyond the credit that was granted: it was not taken`, {
    details: { type },
  });

/** `capacity`: bytes that large payloads may take together. */
export const noRoom = (type: string, bytes: number, capacity: number) =>
  new BusError(
    'overflow',
    `there is no room for the ${bytes} bytes of '${type}' now: large payloads may take ${capacity} bytes together`,
    { details: { type, bytes } },
  );

export const unanswered = (messages: number) =>
  new BusError('overflow', `${messages} messages wait for an outcome already: wait for one`);

export const draining = (type: string) =>
  new BusError('draining', `this side finishes its work and takes no '${type}' any more`, {
    details: { type },
  });

export const tooLarge = (type: string, bytes: number, maxPayloadBytes: number) =>
  new BusError(
    'too-large',
    `the payload of '${type}' has ${bytes} bytes, at most ${maxPayloadBytes} are taken`,
  );

export const cancelled = (type: string) => new BusError('cancelled', `the sender cancelled '${type}'`);

export const cancelledEarly = (type: string) =>
  new BusError('cancelled', `the sender cancelled '${type}' before it arrived`);
