/** One line of what a hub says of itself to Prometheus. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const withinMs = 5_000;
const lines = /^(\w+)(?:\{(.*)\})? (\S+)$/gm;
const pairs = /(\w+)="([^"]*)"/g;

/** Asks for the metrics as Prometheus does. */
export async function scrape(url: string): Promise<readonly Sample[]> {
  const response = await fetch(url, { signal: AbortSignal.timeout(withinMs) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${text}`);
  return [...text.matchAll(lines)].map(([, name = '', labels = '', value]) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(pairs)].map(([, key = '', text = '']) => [key, text])),
    value: Number(value),
  }));
}

/** What the samples of a metric with these labels add up to; one that has not been counted yet has no sample. */
export const sumOf = (samples: readonly Sample[], metric: string, labels: Sample['labels']): number =>
  samples
    .filter(({ name }) => name === metric)
    .filter((sample) => Object.entries(labels).every(([key, text]) => sample.labels[key] === text))
    .reduce((sum, { value }) => sum + value, 0);
