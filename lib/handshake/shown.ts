/** What a stranger says of itself, as it may stand in a text, an event or a log: short, and on one line. */
export const shown = (said: string): string =>
  said.slice(0, 255).replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '\uFFFD');
