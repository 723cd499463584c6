import { mkdirSync, writeFileSync } from 'node:fs';
import { setting } from './setting.mjs';

const results = new URL('./results/', import.meta.url);

export function median(/** @type {number[]} */ values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Three digits of it, and of a large one all. */
export const shown = (/** @type {number} */ value) =>
  value >= 1000 ? Math.round(value).toLocaleString('en-US') : Number(value.toPrecision(3)).toString();

/** What a run says: as it comes on the screen, and kept as Markdown and as lines of JSON in `results/`. */
export class Page {
  #setting = setting();
  #pages = [];
  #lines = [];
  #rounds;
  #began = performance.now();
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
    this.say(`Interleaved rounds: ${rounds}.\n`);
    if (quick) this.say('A quick run: it shows that everything works, and measures little.\n');
  }

  /** A line of text, which is kept too. */
  say(/** @type {string} */ text) {
    console.log(text);
    this.#pages.push(text);
  }

  row(/** @type {(string | number)[]} */ cells) {
    this.say(`| ${cells.join(' | ')} |`);
  }

  /** Keeps a result as a line of JSON. */
  keep(/** @type {object} */ line) {
    this.#lines.push(line);
  }

  /** Writes both files; called once, at the end. */
  end() {
    mkdirSync(results, { recursive: true });
    const name = this.#setting.at.replaceAll(':', '-').replace(/\..*/, '');
    writeFileSync(new URL(`${name}.md`, results), `${this.#pages.join('\n')}\n`);
    const head = { ...this.#setting, rounds: this.#rounds };
    const lines = [head, ...this.#lines].map((line) => JSON.stringify(line));
    writeFileSync(new URL(`${name}.jsonl`, results), `${lines.join('\n')}\n`);
    const minutes = ((performance.now() - this.#began) / 60_000).toFixed(1);
    console.log(
      `\n${this.failed} failed, in ${minutes} minutes; kept as spec/bench/results/${name}.md and .jsonl`,
    );
  }
}
