import type { Row } from './report.js';

const widths = [7, 18, 10, 10, 9, 9, 7] as const;
const titles = ['worker', 'version', 'verdict', 'liveness', 'in flight', 'handled', 'late ms'] as const;

/** The fleet as lines of text. While the hub is away nobody knows how its workers are. */
export function table(rows: readonly Row[], hubIsUp: boolean): readonly string[] {
  const shown = [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
  return [
    line(titles),
    ...shown.map(({ id, version, degraded, liveness, inFlight, handled, lateMs }) =>
      line([
        id,
        version || '(none)',
        degraded ? 'degraded' : 'admitted',
        hubIsUp ? liveness : 'hub away',
        `${inFlight}`,
        `${handled}`,
        lateMs.toFixed(0),
      ]),
    ),
  ];
}

const line = (cells: readonly string[]): string =>
  cells
    .map((cell, i) => {
      const width = widths[i] ?? 8;
      const text = cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
      return i < 4 ? text.padEnd(width) : text.padStart(width);
    })
    .join('  ')
    .trimEnd();
