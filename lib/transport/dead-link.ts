import { throwError } from 'rxjs';
import type { Link } from './link.js';

/** A link that never was: a dial whose options make no sense. */
export const deadLink = (address: string, error: unknown): Link => ({
  peer: { address },
  batches$: throwError(() => error),
  write() {},
  async close() {},
  abort() {},
});
