/** A text of at most so many characters; what was cut off shows as an ellipsis. */
export const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - 1)}…` : text;

/** What a peer sent, in a text for people: short, on one line. */
export const quoted = (text: string): string =>
  `'${cut(JSON.stringify(text.slice(0, 65)).slice(1, -1), 64)}'`;

/** Any value in a text. Never throws, and never long. */
export function told(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'object' && value !== null) return 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

/** What was thrown, as a text. Never throws. */
export function textOf(thrown: unknown): string {
  try {
    return thrown instanceof Error ? String(thrown.message || thrown.name) : String(thrown);
  } catch {
    return 'a value that cannot be printed';
  }
}
