import { median, Page, shown } from './page.mjs';

/** The table of all results. */
export class Report extends Page {
  constructor(options) {
    super(options);
    this.say('"Of floor" compares with the floor under the same flags.\n');
    this.say('| case | bytes | flags | who | what | median | min | max | of floor |');
    this.say('| --- | ---: | --- | --- | --- | ---: | ---: | ---: | ---: |');
  }

  /** What all contestants measured at one case, size and list of flags; `rounds` has what each round gave. */
  add({ name, size, flags }, entries) {
    const floor = entries.find(({ who }) => who === 'floor');
    for (const { who, rounds } of entries) {
      for (const what of Object.keys(rounds[0])) {
        const values = rounds.map((round) => round[what]);
        const [mid, min, max] = [median(values), Math.min(...values), Math.max(...values)];
        const base = floor && median(floor.rounds.map((round) => round[what]));
        // Lateness is next to nothing on a good day: a ratio of that would be noise.
        const ofFloor = base > 0 && !what.includes('late') ? mid / base : undefined;
        const ratio = ofFloor?.toFixed(2) ?? '';
        this.row([name, size ?? '', flags.join(' '), who, what, shown(mid), shown(min), shown(max), ratio]);
        this.keep({ case: name, size, flags, who, what, median: mid, min, max, ofFloor, values });
      }
    }
  }

  fail({ name, size, flags }, who, error) {
    this.failed++;
    const text = error.message.split('\n')[0];
    this.row([name, size ?? '', flags.join(' '), who, `FAILED: ${text}`, '', '', '', '']);
    this.keep({ case: name, size, flags, who, failed: error.message });
  }
}
