import { Page, shown } from '../page.mjs';
import { rooms } from './rooms.mjs';
import { sumsOf } from './sums.mjs';

const us = (/** @type {number} */ value) => value.toFixed(3);
const percent = (/** @type {number} */ part, /** @type {number} */ whole) =>
  `${((100 * part) / whole).toFixed(1)} %`;

/** Where the time of a message goes (or of what else a case counts), one contestant beside the other. */
export class ProfileReport extends Page {
  /** What all contestants measured at one case, size and list of flags. */
  add({ name, size, flags, unit }, entries) {
    const all = entries.map(sumsOf);
    const bytes = size === undefined ? [] : [`${size} bytes`];
    this.say(`\n## ${[name, ...bytes, ...flags].join(', ')}\n`);
    this.#measured(all);
    for (const side of ['worker', 'hub']) {
      this.#table(side, unit, all);
      this.#accounts(side, all);
      for (const one of all) this.#functions(one.who, side, unit, one[side].top);
    }
    this.#cpu(unit, all);
    for (const { who, measured, worker, hub } of all) {
      const plain = ({ rooms, ...other }) => ({ ...other, rooms: Object.fromEntries(rooms) });
      const figures = Object.fromEntries(measured);
      this.keep({
        case: name,
        size,
        flags,
        who,
        unit,
        measured: figures,
        worker: plain(worker),
        hub: plain(hub),
      });
    }
  }

  fail({ name, size, flags }, who, error) {
    this.failed++;
    this.say(`\nFAILED: ${[name, size, ...flags, who].join(', ')}: ${error.message.split('\n')[0]}`);
    this.keep({ case: name, size, flags, who, failed: error.message });
  }

  /** Whether watching changes what is watched. */
  #measured(all) {
    this.say('| who | what | not sampled | sampled | of that |\n| --- | --- | ---: | ---: | ---: |');
    for (const { who, measured } of all) {
      for (const [what, { plain, sampled }] of measured)
        this.row([who, what, shown(plain), shown(sampled), (sampled / plain).toFixed(2)]);
    }
  }

  #table(side, unit, all) {
    const line = (title, of) =>
      this.#line(
        title,
        all.map((one) => of(one[side])),
      );
    this.#head(`${side}, us of main thread a ${unit}`, 'room', all);
    for (const room of rooms) {
      if (all.some((one) => one[side].rooms.has(room))) line(room, (sums) => sums.rooms.get(room) ?? 0);
    }
    line('**sum**', ({ sum }) => sum);
    line('of it busy', ({ busy }) => busy);
    for (const key of ['sampled', 'plain']) {
      const how = key === 'plain' ? 'not sampled: ' : '';
      line(`${how}wall time`, (sums) => sums[key].wall);
      if (all.some((one) => one[side][key].main === undefined)) continue;
      line(`${how}on a core, by the kernel`, (sums) => sums[key].main);
      line(`${how}ready, but without a core`, (sums) => sums[key].queued);
      line(`${how}other threads, beside the sum`, (sums) => sums[key].others);
    }
  }

  #head(title, what, [first, ...others]) {
    this.say(`\n### ${title}\n`);
    const differences = others.map(({ who }) => `${first.who} less ${who}`);
    this.row([what, first.who, ...others.map(({ who }) => who), ...differences]);
    this.row(['---', '---:', ...others.flatMap(() => ['---:', '---:'])]);
  }

  #line(title, values) {
    const less = values.slice(1).map((value) => values[0] - value);
    this.row([title, ...values.map(us), ...less.map(us)]);
  }

  /** What it costs all processes together, where they share the cores; on Linux. */
  #cpu(unit, all) {
    if (all.some(({ hub }) => hub.plain.main === undefined)) return;
    this.#head(`CPU of all processes, us a ${unit}, not sampled`, 'threads', all);
    const parts = ['hub', 'worker'].flatMap((side) => [
      [`${side}: main thread`, (one) => one[side].plain.main],
      [`${side}: other threads, mostly the collector's`, (one) => one[side].plain.others],
    ]);
    for (const [title, of] of parts) this.#line(title, all.map(of));
    this.#line(
      '**sum**',
      all.map((one) => parts.reduce((sum, [, of]) => sum + of(one), 0)),
    );
  }

  #accounts(side, [first, ...others]) {
    const own = first[side];
    this.say('');
    if (own.sampled.main === undefined) this.say('This system does not tell the CPU of single threads.\n');
    for (const { who, [side]: other } of others) {
      const less = (/** @type {(sums: typeof own) => number} */ of) => of(own) - of(other);
      const wall = less(({ sampled }) => sampled.wall);
      // At a fixed rate.
      if (Math.abs(wall) < own.sampled.wall / 100) {
        this.say(
          `Both last equally long, and ${first.who} is busy for ${us(less(({ busy }) => busy))} us more than ${who}.`,
        );
        continue;
      }
      const part = (value) => `${us(value)} (${percent(value, wall)})`;
      const rows = percent(
        less(({ sum }) => sum),
        wall,
      );
      const busy = part(less(({ busy }) => busy));
      const waits = part(less(({ sum, busy }) => sum - busy));
      this.say(
        `${first.who} takes ${us(wall)} us more than ${who} while sampled, and ` +
          `${us(less(({ plain }) => plain.wall))} otherwise. The rows have ${rows} of it: busy ${busy}, waiting ${waits}.`,
      );
      if (own.sampled.main === undefined) continue;
      const ran = part(less(({ sampled }) => sampled.main));
      this.say(
        `The kernel counts ${ran} on a core, and ${part(less(({ sampled }) => sampled.queued))} without one.`,
      );
    }
  }

  #functions(who, side, unit, top) {
    this.say(`\n| ${who}, ${side}: most self time | where | us a ${unit} |\n| --- | --- | ---: |`);
    for (const [name, value] of top) this.row([name, us(value)]);
  }
}
