import type { Row } from './report.js';

/** Together no wider than a terminal of 80 columns, for a worker that is stalled by something with a name. */
const widths = [5, 15, 4, 7, 4] as const;
const titles = ['id', 'version', 'runs', 'handled', 'late', 'liveness'] as const;

/** The fleet as lines of text. While the hub is away nobody knows how its workers are. */
export function table(rows: readonly Row[], hubIsUp: boolean): readonly string[] {
  const shown = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  return [
    line(titles),
    ...shown.map((row) => {
      const { id, version, inFlight, handled, lateMs } = row;
      const state = hubIsUp ? inWords(row) : 'hub away';
      return line([id, version || '(none)', `${inFlight}`, `${handled}`, lateMs.toFixed(0), state]);
    }),
  ];
}

/** How a worker is, as far as the hub has heard. */
export const inWords = ({ liveness, stalledBy, stillMs, degraded }: Row): string =>
  stalledBy === undefined
    ? `${liveness}${degraded ? ', degraded' : ''}`
    : `stalled by ${stalledBy} for ${(stillMs / 1_000).toFixed(1)} s`;

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => {
      const width = widths[i] ?? cell.length;
      const text = cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
      return i < 2 ? text.padEnd(width) : text.padStart(width);
    })
    .join('  ')
    .trimEnd();
