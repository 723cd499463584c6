import { type Entry, series } from '../books.js';
import { scrape, sumOf } from '../scrape.js';
import type { Stage } from '../stage.js';
import { figure, sleep } from '../text.js';

/** A figure of the hub's metrics beside what the processes counted. */
export interface Compared {
  readonly entry: Entry;
  readonly metric: number;
  readonly counted: number;
}

/** A grade may be about to change when it is read. */
const settledMs = 2_000;
const lookMs = 100;

/** Compares all series with what was counted since the hub started, until they agree or it is time to say so. */
export async function audit(stage: Stage): Promise<readonly Compared[]> {
  const begin = performance.now();
  for (;;) {
    const compared = await compare(stage);
    if (compared.every(agrees) || performance.now() - begin > settledMs) return compared;
    await sleep(lookMs);
  }
}

/** The life of the first hub, and that of the second: whose metrics begin with nothing. */
export function judgeMetrics({ ledger }: Stage, lives: readonly (readonly Compared[])[]): void {
  ledger.note('metrics', lives.flat().every(agrees), lives.map(inWords).join('; after the restart '));
}

async function compare({ director, books }: Stage): Promise<readonly Compared[]> {
  const samples = await scrape(await director.hub.ask('metricsAt', null));
  const running = [...director.workers.values()].filter((worker) => worker.running).length;
  return (Object.keys(series) as Entry[]).map((entry) => {
    const [name, labels] = series[entry];
    return {
      entry,
      metric: sumOf(samples, name, labels),
      counted: entry === 'alive' ? running : books.of(entry),
    };
  });
}

const agrees = ({ metric, counted }: Compared): boolean => metric === counted;

/** What is nothing on both sides is left out. */
const inWords = (compared: readonly Compared[]): string =>
  compared
    .filter(({ metric, counted }) => metric > 0 || counted > 0)
    .map(
      (one) =>
        `${figure(one.metric)} ${one.entry}${agrees(one) ? '' : ` (but counted: ${figure(one.counted)})`}`,
    )
    .join(', ');
