import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readOptions } from './options.mjs';
import { openPair, runOnce } from './pair.mjs';
import { Report } from './report.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const options = readOptions();

if (!existsSync(`${here}/node_modules`)) {
  console.error('installing what the benchmark compares with ...');
  const { status } = spawnSync('npm', ['install', '--loglevel', 'error'], { cwd: here, stdio: 'inherit' });
  if (status !== 0) process.exit(1);
}

/**
 * Runs one case until the code is compiled and the rate is steady enough to say how many messages fill one
 * measurement.
 */
async function warmUp(pair, one) {
  const enough = performance.now() + (options.quick ? 400 : 1500);
  let count = 200;
  let rate = await runOnce(pair, one, count);
  while (performance.now() < enough) {
    count = Math.min(Math.ceil(rate * options.seconds * 0.5), count * 8);
    rate = await runOnce(pair, one, count);
  }
  return Math.max(200, Math.ceil(rate * options.seconds));
}

/** All contestants at one case: each warmed up, then round by round in turn, so that a slow minute meets them all. */
async function compare(one, size, report) {
  const entries = [];
  try {
    for (const contestant of options.contestants) {
      if (contestant.missing) continue;
      const pair = await openPair(contestant, size, options.flags);
      entries.push({ pair, count: 0, rates: [] });
    }
    for (const entry of entries) entry.count = await warmUp(entry.pair, one);
    for (let round = 0; round < options.rounds; round++) {
      const first = round % entries.length;
      for (const entry of [...entries.slice(first), ...entries.slice(0, first)]) {
        entry.rates.push(await runOnce(entry.pair, one, entry.count));
      }
    }
    report.add(
      one,
      size,
      entries.map(({ pair, count, rates }) => ({ name: pair.contestant.name, count, rates })),
    );
  } finally {
    await Promise.all(entries.map(({ pair }) => pair.close()));
  }
}

for (const { name, missing } of options.contestants) {
  if (missing) console.log(`not run here: ${name}, ${missing}`);
}
const report = new Report(options);
let failed = 0;
for (const one of options.cases) {
  for (const size of options.sizes) {
    try {
      await compare(one, size, report);
    } catch (error) {
      failed++;
      report.fail(one, size, error);
    }
  }
}
report.end();
process.exitCode = failed === 0 ? 0 : 1;
