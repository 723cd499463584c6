/** One line of a scrape. */
export interface Sample {
  /** The family's name, and for a histogram `_bucket`, `_sum` or `_count` behind it. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric of a scrape. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: Sample[];
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const number = /^(?:[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?Inf|NaN)$/;
const helpLine = /^# HELP (\S+) (.*)$/;
const typeLine = /^# TYPE (\S+) (\S+)$/;

/**
 * Reads the Prometheus text format 0.0.4, and takes less than Prometheus does: every family has a HELP and a TYPE line
 * ahead of its samples and stands in one place, escapes are the three that there are, no series comes twice, counters
 * end in `_total` and never fall below 0, histograms add up. Throws with the line.
 */
export function parseText(text: string): Map<string, Family> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  let helped: readonly [name: string, help: string] | undefined;
  let family: Family | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const refuse = (what: string): never => {
      throw new Error(`line ${index + 1}: ${what}: ${line}`);
    };
    if (line === '') continue;
    if (helped !== undefined) {
      const [, name = '', type = ''] = typeLine.exec(line) ?? refuse('HELP without TYPE');
      if (name !== helped[0]) refuse('TYPE of another metric than HELP');
      if (!['counter', 'gauge', 'histogram'].includes(type)) refuse('unknown type');
      if ((type === 'counter') !== name.endsWith('_total'))
        refuse('a counter ends in _total, nothing else does');
      family = { name, type, help: helped[1], samples: [] };
      families.set(name, family);
      helped = undefined;
    } else if (line.startsWith('#')) {
      const [, name = '', help = ''] = helpLine.exec(line) ?? refuse('no HELP line');
      if (!metricName.test(name)) refuse('no name for a metric');
      if (families.has(name)) refuse('the same metric again');
      helped = [name, unescaped(help, /\\(.)?/g, { '\\': '\\', n: '\n' }, refuse)];
    } else {
      const sample = readSample(line, refuse);
      if (family === undefined || !belongs(sample.name, family))
        return refuse('a sample of no metric above it');
      const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (seen.has(key)) refuse('the same series again');
      seen.add(key);
      if (family.type === 'counter' && !(sample.value >= 0)) refuse('a counter below 0');
      family.samples.push(sample);
    }
  }
  if (helped !== undefined) throw new Error('HELP without TYPE at the end');
  for (const each of families.values()) if (each.type === 'histogram') checkHistogram(each);
  return families;
}

function readSample(line: string, refuse: (what: string) => never): Sample {
  const [head = ''] = /^[^{ ]+/.exec(line) ?? refuse('no name');
  if (!metricName.test(head)) refuse('no name for a metric');
  const labels: Record<string, string> = {};
  let rest = line.slice(head.length);
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    for (;;) {
      const [pair, name = '', value = ''] =
        /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"/.exec(rest) ?? refuse('no label');
      if (Object.hasOwn(labels, name)) refuse('the same label twice');
      labels[name] = unescaped(value, /\\(.)/g, { '\\': '\\', '"': '"', n: '\n' }, refuse);
      rest = rest.slice(pair.length);
      if (rest.startsWith('}')) break;
      if (!rest.startsWith(',')) refuse('no comma between labels');
      rest = rest.slice(1);
    }
    rest = rest.slice(1);
  }
  const value = rest.slice(1);
  if (!rest.startsWith(' ') || !number.test(value)) refuse('no number');
  return { name: head, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function unescaped(
  text: string,
  escapes: RegExp,
  known: Readonly<Record<string, string>>,
  refuse: (what: string) => never,
): string {
  return text.replace(
    escapes,
    (_, sign: string | undefined) => known[sign ?? ''] ?? refuse('unknown escape'),
  );
}

const belongs = (name: string, { name: family, type }: Family): boolean =>
  type === 'histogram'
    ? [`${family}_bucket`, `${family}_sum`, `${family}_count`].includes(name)
    : name === family;

/** Each series has ascending buckets whose counts do not fall, up to +Inf, which is the count. */
function checkHistogram({ name, samples }: Family): void {
  const series = new Map<string, { bounds: number[]; counts: number[]; count?: number; sum?: number }>();
  for (const sample of samples) {
    const { le, ...labels } = sample.labels;
    const key = JSON.stringify(Object.entries(labels).sort());
    const one = series.get(key) ?? { bounds: [], counts: [] };
    series.set(key, one);
    if (sample.name === `${name}_count`) one.count = sample.value;
    else if (sample.name === `${name}_sum`) one.sum = sample.value;
    else {
      if (le === undefined) throw new Error(`${name}: a bucket without le`);
      one.bounds.push(Number(le.replace('Inf', 'Infinity')));
      one.counts.push(sample.value);
    }
  }
  for (const [key, { bounds, counts, count, sum }] of series) {
    const rises = (values: readonly number[], strictly: boolean) =>
      values.every(
        (value, at) =>
          at === 0 || value > (values[at - 1] as number) || (!strictly && value === values[at - 1]),
      );
    if (!rises(bounds, true) || !rises(counts, false))
      throw new Error(`${name} ${key}: buckets do not ascend`);
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY || counts.at(-1) !== count || sum === undefined)
      throw new Error(`${name} ${key}: +Inf is not the count, or there is no sum`);
  }
}

/** The value of one series, 0 if it is not there; `labels` need not name all. Throws if several fit. */
export function sampleOf(
  families: ReadonlyMap<string, Family>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number {
  const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ''));
  if (family === undefined) throw new Error(`there is no metric ${name}`);
  const fitting = family.samples.filter(
    (sample) =>
      sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value),
  );
  if (fitting.length > 1) throw new Error(`${fitting.length} series of ${name} fit`);
  return fitting[0]?.value ?? 0;
}
