import { BusError } from '../errors/bus-error.js';
import { frozenCopy } from './frozen.js';
import type { Identity } from './negotiate.js';

/**
 * What `authenticate` returned, as a frozen copy: nobody who sees an identity can change what others see, and what its
 * plugin does with its own object later changes no session. Throws `unauthenticated` for whatever is no identity: a
 * forgotten `return` must not open the door. `by` opens the text.
 */
export function identityOf(returned: unknown, by = 'authentication'): Identity {
  const nobody = (kind: string, cause?: unknown) => noIdentity(by, kind, cause);
  if (returned === undefined || returned === null) throw nobody(String(returned));
  if (typeof returned !== 'object') throw nobody(`a ${typeof returned}`);
  let identity: { readonly subject?: unknown };
  try {
    identity = frozenCopy(returned);
  } catch (thrown) {
    throw nobody('something that is no plain data', thrown);
  }
  const { subject } = identity;
  if (typeof subject !== 'string') throw nobody('something without a subject');
  if (subject.trim() === '') throw nobody('an empty subject');
  return identity as Identity;
}

/** Says what it was by its kind alone: a value may be a secret. */
const noIdentity = (by: string, kind: string, cause: unknown): BusError =>
  new BusError(
    'unauthenticated',
    `${by} gave ${kind}, which is no identity: it must return { subject: 'a text', ... }, all of it plain data, or throw`,
    cause === undefined ? {} : { cause },
  );
