/** What can go wrong. */
export type Mishap =
  | 'cut'
  | 'cut at a batch'
  | 'cut the pulse'
  | 'partition'
  | 'hold'
  | 'block'
  | 'die blocked'
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
  /** Whether workers have a pulse: a loop that stands still for long is no mishap to its worker. */
  readonly pulsed: boolean;
  /** For how long there are mishaps, in milliseconds. */
  readonly runMs: number;
  readonly mishaps: readonly Mishap[];
}

const links: readonly Mishap[] = ['cut', 'cut', 'cut at a batch', 'partition', 'latency'];
const processes: readonly Mishap[] = ['hold', 'hold the hub', 'crash', 'restart the hub'];
const busy: readonly Mishap[] = ['block', 'block', 'block', 'crash', 'die blocked', 'cut the pulse'];
const usual: readonly Mishap[] = [...links, ...processes, 'guest', 'date'];
const ends: readonly Mishap[] = ['drain', 'drain', 'drain the hub', 'crash', 'restart the hub'];
const plain = {
  baseline: 0,
  plugged: false,
  learns: false,
  large: 1,
  bursts: 3,
  tight: false,
  pulsed: false,
  runMs: 1_000,
};

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
  {
    ...plain,
    name: 'pulsed',
    pulsed: true,
    runMs: 6_000,
    mishaps: [...busy, ...busy, ...busy, ...links, ...processes, 'partition', 'partition'],
  },
];

/** How many there are: seeds that are so far apart are of one kind. */
export const kindsInAll = kinds.length;

export const kindOf = (seed: number): Kind => kinds[seed % kinds.length] as Kind;
