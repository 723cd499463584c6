import { mkdirSync, writeFileSync } from 'node:fs';
import { setting } from './setting.mjs';

const results = new URL('./results/', import.meta.url);

function median(/** @type {number[]} */ values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const shown = (/** @type {number} */ value) =>
  value >= 1000 ? Math.round(value).toLocaleString('en-US') : Number(value.toPrecision(3)).toString();

/** Says each result as it comes, and keeps all: a table in Markdown and a line of JSON for each in `results/`. */
export class Report {
  #setting = setting();
  #pages = [];
  #lines = [];
  #rounds;
  failed = 0;

  constructor({ rounds, quick }) {
    this.#rounds = rounds;
    const { command, at, cpu, memoryGiB, system, node, versions } = this.#setting;
    this.say(`# ${command}\n`);
    this.say(`${at.slice(0, 10)}; ${cpu}, ${memoryGiB} GiB, ${system}; Node.js ${node}.`);
    this.say(
      `${Object.entries(versions)
        .map((pair) => pair.join(' '))
        .join(', ')}.`,
    );
    this.say(`Interleaved rounds: ${rounds}. "Of floor" compares with the floor under the same flags.\n`);
    if (quick) this.say('A quick run: it shows that everything works, and measures little.\n');
    this.say('| case | bytes | flags | who | what | median | min | max | of floor |');
    this.say('| --- | ---: | --- | --- | --- | ---: | ---: | ---: | ---: |');
  }

  /** A line of text, which is kept too. */
  say(/** @type {string} */ text) {
    console.log(text);
    this.#pages.push(text);
  }

  #row(cells) {
    this.say(`| ${cells.join(' | ')} |`);
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
        this.#row([name, size ?? '', flags.join(' '), who, what, shown(mid), shown(min), shown(max), ratio]);
        this.#lines.push({ case: name, size, flags, who, what, median: mid, min, max, ofFloor, values });
      }
    }
  }

  fail({ name, size, flags }, who, error) {
    this.failed++;
    const text = error.message.split('\n')[0];
    this.#row([name, size ?? '', flags.join(' '), who, `FAILED: ${text}`, '', '', '', '']);
    this.#lines.push({ case: name, size, flags, who, failed: error.message });
  }

  /** Writes both files; called once, at the end. */
  end() {
    mkdirSync(results, { recursive: true });
    const name = this.#setting.at.replaceAll(':', '-').replace(/\..*/, '');
    writeFileSync(new URL(`${name}.md`, results), `${this.#pages.join('\n')}\n`);
    const head = { ...this.#setting, rounds: this.#rounds };
    const lines = [head, ...this.#lines].map((line) => JSON.stringify(line));
    writeFileSync(new URL(`${name}.jsonl`, results), `${lines.join('\n')}\n`);
    console.log(`\n${this.failed} failed; kept as spec/bench/results/${name}.md and .jsonl`);
  }
}
