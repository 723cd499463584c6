import type { Books } from './books.js';
import type { Director } from './director.js';
import type { Ledger } from './ledger.js';
import type { PromiseName } from './promises.js';

/** What every step of the scenario works with. */
export interface Stage {
  readonly director: Director;
  readonly ledger: Ledger<PromiseName>;
  readonly books: Books;
  say(text: string): void;
}
