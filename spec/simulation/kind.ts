/** What can go wrong. */
export type Mishap =
  | 'cut'
  | 'cut at a batch'
  | 'partition'
  | 'hold'
  | 'hold the hub'
  | 'latency'
  | 'crash'
  | 'restart the hub'
  | 'drain'
  | 'drain the hub'
  | 'date'
  | 'stranger'
  | 'guest';

/** A kind of world: who is in it, and what happens there more often than elsewhere. */
export interface Kind {
  readonly name: string;
  /** Workers of the baseline profile, which know no credit and no resuming. */
  readonly baseline: number;
  /** Whether every process has the plugins: interceptors, services of sessions, a codec. */
  readonly plugged: boolean;
  /** Whether silence is judged by a detector that learns. */
  readonly learns: boolean;
  /** Out of a hundred calls: how many are larger than one batch, and how many are sent by the dozen. */
  readonly large: number;
  readonly bursts: number;
  /** Whether a process may hold so little that the bound of its memory is reached before those of its queues. */
  readonly tight: boolean;
  readonly mishaps: readonly Mishap[];
}

const links: readonly Mishap[] = ['cut', 'cut', 'cut at a batch', 'partition', 'latency'];
const processes: readonly Mishap[] = ['hold', 'hold the hub', 'crash', 'restart the hub'];
const usual: readonly Mishap[] = [...links, ...processes, 'guest', 'date'];
const ends: readonly Mishap[] = ['drain', 'drain', 'drain the hub', 'crash', 'restart the hub'];
const plain = { baseline: 0, plugged: false, learns: false, large: 1, bursts: 3, tight: false };

/** Seeds take turns. */
const kinds: readonly Kind[] = [
  { ...plain, name: 'mixed', mishaps: usual },
  { ...plain, name: 'plugged', plugged: true, mishaps: [...usual, 'drain'] },
  { ...plain, name: 'cut', mishaps: [...links, 'cut at a batch', 'cut at a batch', 'guest'] },
  { ...plain, name: 'old', baseline: 1, mishaps: [...usual, 'stranger'] },
  { ...plain, name: 'claimed', mishaps: [...links, 'stranger', 'stranger', 'stranger', 'hold'] },
  { ...plain, name: 'ending', mishaps: [...ends, 'cut', 'guest'] },
  { ...plain, name: 'learning', learns: true, mishaps: usual },
  { ...plain, name: 'flooded', large: 4, bursts: 12, mishaps: [...links, 'hold', 'crash', 'drain'] },
  {
    ...plain,
    name: 'tight',
    tight: true,
    large: 4,
    bursts: 12,
    mishaps: [...usual, 'hold', 'hold', 'drain'],
  },
];

export const kindOf = (seed: number): Kind => kinds[seed % kinds.length] as Kind;
