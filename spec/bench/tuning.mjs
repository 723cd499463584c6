// What a user can set, beside the defaults: worker to hub, 256 bytes, each setting with a pair of processes of its own.
import { compare } from './compare.mjs';
import { contestants } from './contestants.mjs';
import { throughput } from './measures/throughput.mjs';
import { median, Page } from './page.mjs';

const size = 256;
const defaults = 'defaults';

/**
 * @typedef {object} Variant
 * @property {string} name
 * @property {object=} setting options of the peer `drumline`, and how many messages a turn
 * @property {string[]=} flags of Node.js
 * @property {object=} load
 */

/** @type {{ name: string, load: object, variants: Variant[] }[]} */
const groups = [
  {
    name: 'publish',
    load: { verb: 'publish' },
    variants: [
      { name: 'one a turn of the event loop', setting: { aTurn: 1 } },
      { name: 'eight a turn', setting: { aTurn: 8 } },
      { name: 'outbox.capacity 1,024', setting: { worker: { outbox: { capacity: 1024 } } } },
      { name: 'outbox.capacity 4,096', setting: { worker: { outbox: { capacity: 4096 } } } },
      { name: 'outbox.capacity 65,536', setting: { worker: { outbox: { capacity: 65_536 } } } },
      { name: 'lane.capacity 512 of the hub', setting: { hub: { lane: { capacity: 512 } } } },
      { name: '--min-semi-space-size=16', flags: ['--min-semi-space-size=16'] },
      { name: '--max-semi-space-size=64', flags: ['--max-semi-space-size=64'] },
      { name: '--max-semi-space-size=1', flags: ['--max-semi-space-size=1'] },
    ],
  },
  {
    name: 'publish, each handled in 5 ms of waiting',
    load: { verb: 'publish', handler: 'slow' },
    variants: [
      { name: 'concurrency 1 of the handler', setting: { handling: { concurrency: 1 } } },
      { name: 'concurrency 64 of the handler', setting: { handling: { concurrency: 64 } } },
      { name: 'lane.concurrency 512 of the hub', setting: { hub: { lane: { concurrency: 512 } } } },
    ],
  },
  {
    name: 'request',
    load: { verb: 'request', inFlight: 128 },
    variants: [1, 8, 32, 512].map((inFlight) => ({
      name: `${inFlight} in flight, not 128`,
      load: { verb: 'request', inFlight },
    })),
  },
];

class TuningReport extends Page {
  constructor(options) {
    super(options);
    this.say(`Worker to hub, ${size} bytes, a second.\n`);
    this.row(['load', 'setting', 'median', 'min', 'max', 'of the defaults']);
    this.row(['---', '---', '---:', '---:', '---:', '---:']);
  }

  add({ name }, entries) {
    const rates = ({ rounds }) => rounds.map((round) => round['1/s']);
    const base = median(rates(entries.find(({ who }) => who === defaults)));
    for (const entry of entries) {
      const values = rates(entry);
      const mid = median(values);
      const shown = [mid, Math.min(...values), Math.max(...values)].map((value) =>
        Math.round(value).toLocaleString('en-US'),
      );
      this.row([name, entry.who, ...shown, (mid / base).toFixed(2)]);
      this.keep({ load: name, setting: entry.who, values });
    }
  }

  fail({ name }, who, error) {
    this.failed++;
    this.row([name, who, `FAILED: ${error.message.split('\n')[0]}`, '', '', '']);
    this.keep({ load: name, setting: who, failed: error.message });
  }
}

/** Whether all of it worked. */
export async function tune(options) {
  const report = new TuningReport(options);
  const drumline = contestants.find(({ name }) => name === 'drumline');
  for (const { name, load, variants } of groups) {
    const open = (variant, bytes, all) =>
      throughput(variant.load ?? load)(drumline, bytes, { ...all, ...variant });
    const all = [{ name: defaults }, ...variants].map((variant) => ({
      setting: {},
      flags: [],
      ...variant,
      can: new Set(),
    }));
    await compare({ name, needs: [], open }, size, { ...options, contestants: all, flags: [] }, report);
  }
  report.end();
  return report.failed === 0;
}
