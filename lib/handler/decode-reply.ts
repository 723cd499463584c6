import type { Reply } from './call.js';
import { check } from './check.js';
import type { Codecs } from './codec.js';
import type { AnyContract } from './contract.js';
import { faultOutcome } from './fault.js';

/**
 * What an outcome gives to the requester: the value or item, checked by the contract's schema; `undefined` for
 * `done`. At once, or as a promise if the schema's check is asynchronous. Gives (throws, or rejects with) the error of
 * a fault, and `invalid-payload` for a value that cannot be read or does not fit.
 */
export function decodeReply(
  contract: AnyContract,
  { status, payload, codec, fault }: Reply,
  codecs: Codecs,
): unknown {
  if (status === 'done') return undefined;
  const { type, reply, stream } = contract;
  if (status === 'fault') throw faultOutcome(fault, type);
  const part = status === 'item' ? 'item' : 'reply';
  const value = codecs.decode(payload, codec, type, part);
  const schema = status === 'item' ? stream : reply;
  return schema === undefined ? value : check(schema, value, type, part);
}
