// node main.js: the same trials on a real Locust and on Drumline, each with its defaults and in processes of its own, on
// loopback. Prints a table. Ends with 1 if Drumline broke a promise, with 2 if the trials could not be run.
import { availableParallelism } from 'node:os';
import { sdkVersion } from '../../lib/session/option.js';
import { drumlinePair } from './drumline.js';
import { greetings } from './greeting.js';
import { Locust } from './locust.js';
import { killAll } from './program.js';
import { type OnDrumline, type Row, table } from './row.js';
import type { Case } from './slow.js';
import { slowDrumline } from './slow-drumline.js';
import { slowLocust } from './slow-locust.js';

process.on('exit', killAll);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const computing: Case = { on: 'worker', type: 'compute', ms: 10_000 };
const waiting: readonly Case[] = [
  { on: 'worker', type: 'wait', ms: 75_000 },
  { on: 'hub', type: 'wait', ms: 75_000 },
];

const rowOf = ({ on, type, ms }: Case, locust: string[], { told, broken }: OnDrumline): Row => ({
  trial: `a handler on the ${on === 'hub' ? 'master or hub' : on} ${type}s for ${ms / 1_000} s`,
  locust,
  drumline: told,
  broken,
});

/** One after the other: whoever computes has a processor for itself. */
async function compute(locust: Locust): Promise<Row> {
  const onLocust = await slowLocust(await locust.pair(), computing);
  return rowOf(computing, onLocust, await slowDrumline(await drumlinePair(), computing));
}

/** Side by side, with the other trials in the meantime. */
async function all(locust: Locust): Promise<Row[]> {
  const pairs = waiting.map(
    async (one) => [one, ...(await Promise.all([locust.pair(), drumlinePair()]))] as const,
  );
  const waits = (await Promise.all(pairs)).map(async ([one, onLocust, onDrumline]) =>
    rowOf(one, ...(await Promise.all([slowLocust(onLocust, one), slowDrumline(onDrumline, one)]))),
  );
  const rest = async () => {
    const greeted = await greetings(locust);
    return [await compute(locust), greeted] as const;
  };
  const [[computed, greeted], ...waited] = await Promise.all([rest(), ...waits]);
  return [computed, ...waited, ...greeted];
}

try {
  const locust = await Locust.installed();
  console.error('this takes some 100 s ...');
  const rows = await all(locust);
  const { Locust: version, Python, ...below } = locust.versions;
  const parts = Object.entries({ ...below, Python, 'Node.js': process.versions.node });
  const said = parts.map((part) => part.join(' ')).join(', ');
  console.log(`\`npm run trial:locust\`: ${said}, ${availableParallelism()} cores.\n`);
  console.log(table(`Locust ${version}`, `Drumline ${sdkVersion}`, rows));
  for (const what of rows.flatMap(({ broken }) => broken)) {
    console.error(`Drumline broke a promise: ${what}`);
    process.exitCode = 1;
  }
} catch (thrown) {
  console.error(`the trials could not be run: ${thrown instanceof Error ? thrown.message : thrown}`);
  process.exitCode = 2;
}
process.exit();
