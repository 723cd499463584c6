/** One trial on both. Lines of a cell are parts of it. */
export interface Row {
  readonly trial: string;
  readonly locust: readonly string[];
  readonly drumline: readonly string[];
  /** Promises of Drumline that were not kept, in words. */
  readonly broken: readonly string[];
}

/** What Drumline did in one trial. */
export type OnDrumline = { readonly told: readonly string[] } & Pick<Row, 'broken'>;

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** As a log line is quoted: Locust's ids hold the machine's name, and its greenlets an address in memory. */
export const quoted = (text: string): string =>
  `"${text
    .replaceAll(/'?[\w.-]+_[0-9a-f]{32}'?/g, 'w1')
    .replaceAll(/<Greenlet[^<]*<bound method (\S+) .*>/g, '$1')
    .replaceAll(/\s+/g, ' ')}"`;

const cell = (parts: readonly string[]): string => parts.join('<br>').replaceAll('|', '\\|');

export const table = (locust: string, drumline: string, rows: readonly Row[]): string =>
  [
    `| trial | ${locust} | ${drumline} |`,
    '| --- | --- | --- |',
    ...rows.map((row) => `| ${row.trial} | ${cell(row.locust)} | ${cell(row.drumline)} |`),
  ].join('\n');
