import type { Director } from './director.js';
import type { Ledger } from './ledger.js';
import type { PromiseName } from './promises.js';

/** What every step of the scenario works with. */
export interface Stage {
  readonly director: Director;
  readonly ledger: Ledger<PromiseName>;
  say(text: string): void;
}
