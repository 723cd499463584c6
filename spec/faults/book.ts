// What the processes of these specs tell of their traffic: for each number, what became of it, or how often it was seen.

/** More numbers than any of these specs comes to. */
export const most = 6_000_000;

/** What became of one call on the side that made it. `odd` is all that was never promised. */
export const fates = { open: 0, taken: 1, dropped: 2, 'not-sent': 3, unknown: 4, odd: 5 } as const;

export type Fate = keyof typeof fates;

export type Kind = 'publish' | 'send' | 'request' | 'stream';

const kinds: readonly Kind[] = ['publish', 'send', 'request'];

export const kindOf = (n: number): Kind => (n % 16 === 15 ? 'stream' : (kinds[n % 3] as Kind));

/** One way of the traffic as its sender saw it. `marks` has a fate for each number, in base64. */
export interface Book {
  readonly started: number;
  readonly odd: readonly string[];
  readonly marks: string;
}

/** Sender and receiver side by side. */
export interface Account {
  readonly messages: number;
  /** How many came to which end: `send taken`. */
  readonly ends: Readonly<Record<string, number>>;
  /** Accepted, and not handled: each must have been told by an event `undelivered`. */
  readonly undelivered: number;
  /** What was not as promised, in words: the first twenty. */
  readonly wrong: readonly string[];
}

const names = Object.keys(fates) as Fate[];

/**
 * Holds every number to what was promised: each call came to its end; what was taken was handled once (a publish at most
 * once), what was not sent was not handled, and what may have been was at most once. `times` says how often each was
 * handled, in base64; without it nobody is left to tell. With `earlier`, the receiver began after that book was written:
 * it has seen nothing that had come to an end by then.
 */
export function account(book: Book, times?: string, earlier?: Book): Account {
  const marks = Buffer.from(book.marks, 'base64');
  const earlierMarks = Buffer.from(earlier?.marks ?? '', 'base64');
  const seen = times === undefined ? undefined : Buffer.from(times, 'base64');
  const ends: Record<string, number> = {};
  const wrong = [...book.odd];
  let undelivered = 0;
  for (let n = 0; n < Math.max(marks.length, seen?.length ?? 0); n++) {
    const kind = kindOf(n);
    const end = `${kind} ${names[marks[n] ?? fates.open]}`;
    ends[end] = (ends[end] ?? 0) + 1;
    if ((marks[n] ?? fates.open) === fates.open) wrong.push(`${kind} ${n} never came to an end`);
    if (seen === undefined) continue;
    const over = (earlierMarks[n] ?? fates.open) !== fates.open;
    const [least, greatest] = promised(kind, marks[n], over, earlier !== undefined);
    const handled = seen[n] ?? 0;
    if (end === 'send taken' && handled < least) undelivered += 1;
    else if (handled < least || handled > greatest) wrong.push(`${end} ${n}: handled ${handled} times`);
  }
  return { messages: book.started, ends, undelivered, wrong: wrong.slice(0, 20) };
}

function promised(
  kind: Kind,
  mark: number | undefined,
  over: boolean,
  later: boolean,
): readonly [least: number, greatest: number] {
  if (over) return [0, kind === 'publish' ? 1 : 0];
  if (mark === fates.taken) return [kind === 'publish' ? 0 : 1, 1];
  return [0, mark === fates.unknown && !later ? 1 : 0];
}
