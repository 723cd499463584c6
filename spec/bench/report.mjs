import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, release, totalmem } from 'node:os';

const results = new URL('./results/', import.meta.url);
const require = createRequire(import.meta.url);

/** Version of an installed package, whether or not it lets its package.json be imported. */
function versionOf(/** @type {string} */ name) {
  for (const folder of require.resolve.paths(name) ?? []) {
    try {
      return JSON.parse(readFileSync(`${folder}/${name}/package.json`, 'utf8')).version;
    } catch {}
  }
  return 'not installed';
}

function setting(flags) {
  const { dependencies } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8'));
  return {
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`.trim(),
    at: new Date().toISOString(),
    cpu: `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}`,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    flags: flags.join(' '),
    versions: Object.fromEntries(Object.keys(dependencies).map((name) => [name, versionOf(name)])),
  };
}

const median = (rates) => {
  const sorted = [...rates].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};
const rounded = (rate) => Math.round(rate).toLocaleString('en-US');

/** Says each result as it comes, and keeps all: a table in Markdown and a line of JSON for each in `results/`. */
export class Report {
  #setting;
  #pages = [];
  #lines = [];
  #rounds;

  constructor({ flags, rounds, quick }) {
    this.#setting = setting(flags);
    this.#rounds = rounds;
    const { command, cpu, memoryGiB, system, node, versions } = this.#setting;
    const installed = Object.entries(versions).map((pair) => pair.join(' '));
    this.#say(`# ${command}\n`);
    this.#say(
      `${cpu}, ${memoryGiB} GiB, ${system}; Node.js ${node} ${flags.join(' ') || 'with default flags'}; ${installed.join(', ')}`,
    );
    this.#say(
      `Hub and client in processes of their own, per second, ${rounds} interleaved round${rounds === 1 ? '' : 's'}.\n`,
    );
    if (quick) this.#say('A quick run: it shows that everything works, and measures little.\n');
    this.#say(
      '| case | bytes | who | median | min | max | of floor |\n| --- | ---: | --- | ---: | ---: | ---: | ---: |',
    );
  }

  #say(text) {
    console.log(text);
    this.#pages.push(text);
  }

  /** The rates of all contestants at one case and size. */
  add(one, size, entries) {
    const base = entries.find(({ name }) => name === 'floor');
    for (const { name, count, rates } of entries) {
      const [mid, min, max] = [median(rates), Math.min(...rates), Math.max(...rates)];
      const ratio = base && mid / median(base.rates);
      const cells = [one.name, size, name, rounded(mid), rounded(min), rounded(max), ratio?.toFixed(2) ?? ''];
      this.#say(`| ${cells.join(' | ')} |`);
      this.#lines.push({
        case: one.name,
        size,
        who: name,
        count,
        median: mid,
        min,
        max,
        ofFloor: ratio,
        rates,
      });
    }
  }

  fail(one, size, error) {
    this.#say(`| ${one.name} | ${size} | FAILED: ${error.message.split('\n')[0]} | | | | |`);
    console.error(error);
    this.#lines.push({ case: one.name, size, failed: error.message });
  }

  /** Writes both files; called once, at the end. */
  end() {
    mkdirSync(results, { recursive: true });
    const name = this.#setting.at.replaceAll(':', '-').replace(/\..*/, '');
    writeFileSync(new URL(`${name}.md`, results), `${this.#pages.join('\n')}\n`);
    const head = { ...this.#setting, rounds: this.#rounds };
    const lines = [head, ...this.#lines].map((line) => JSON.stringify(line));
    writeFileSync(new URL(`${name}.jsonl`, results), `${lines.join('\n')}\n`);
    console.log(`\nkept as spec/bench/results/${name}.md and .jsonl`);
  }
}
