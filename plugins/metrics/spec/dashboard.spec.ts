import { expect } from 'chai';
import { BusError, defineMessage, handler } from 'drumline';
import { lastValueFrom } from 'rxjs';
import { eventually, Fleet } from './fleet.js';
import { packageFile } from './package.js';
import { usesOf } from './promql.js';
import { scrape } from './scrape.js';
import type { Family } from './text-format.js';

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly {
    readonly refId: string;
    readonly expr: string;
    readonly legendFormat: string;
    readonly datasource: { readonly uid: string };
  }[];
}

interface Dashboard {
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

/** A metric as hub and worker show it together. */
interface Shown {
  readonly type: string;
  readonly labels: ReadonlySet<string>;
}

const dashboard: Dashboard = JSON.parse(packageFile('dashboard.json'));
const readme = packageFile('README.md');
/** What Prometheus itself adds. */
const added = ['job', 'instance'];

const Ping = defineMessage<number, number>('ping');

/** Lets everything happen to a fleet that can, and gives what its hub and a worker then show. */
async function everything(): Promise<Map<string, Shown>> {
  await using fleet = new Fleet();
  const {
    hub,
    plugin: ofHub,
    address,
  } = await fleet.hub({ handlers: [handler(Ping, ({ payload }) => payload)] });
  const cable = await fleet.cable(address);
  const handlers = [
    handler(Ping, ({ payload }) => payload),
    handler('break', () => {
      throw new BusError('overflow', 'no room');
    }),
    handler('hang', ({ headers }, { signal }) =>
      headers.short
        ? 1
        : new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    ),
    handler('tail', () => [1, 2, 3].values()),
  ];
  const { worker, plugin: ofWorker } = fleet.worker({ hub: cable.address, id: 'w1', handlers });
  await worker.start();
  const { worker: nameless } = fleet.worker({ hub: address, id: 'w2', version: '' });
  await nameless.start();
  await nameless.close();
  const { worker: unwelcome } = fleet.worker({ hub: address, id: 'w3', requires: ['teleport'] });
  await unwelcome.start().catch(() => {});

  await hub.request('w1', Ping, 1);
  await worker.request(Ping, 1);
  await worker.send(Ping, 1);
  worker.publish(Ping, 1);
  await hub.request('w1', 'break', null).catch(() => {});
  await lastValueFrom(hub.stream('w1', 'tail', null));
  await hub.send('w1', 'hang', null);

  // Both sides run in this process: neither judges the other for it.
  for (const until = performance.now() + 300; performance.now() < until; );
  await eventually('it lagged', async () => has(await scrape(ofHub), 'drumline_lagged_seconds_total'));

  cable.refuse(true);
  await eventually('w1 is lost', () => hub.workers.get('w1')?.liveness === 'lost');
  cable.refuse(false);
  await eventually('w1 is back', () => hub.workers.get('w1')?.liveness === 'alive');
  // The one needs a peer that breaks the rules, the other one a handler that hangs for 5 s.
  for (const observe of ofHub.contributes?.observers ?? [])
    for (const kind of ['overflow', 'abandoned'])
      observe({ kind, cause: 'told by hand', at: 0, type: 'ping' }, undefined as never);

  const shown = new Map<string, Shown>();
  for (const families of [await scrape(ofHub), await scrape(ofWorker)])
    for (const { name, type, samples } of families.values()) {
      const labels = new Set(shown.get(name)?.labels);
      for (const sample of samples) for (const label of Object.keys(sample.labels)) labels.add(label);
      shown.set(name, { type, labels });
    }
  return shown;
}

const has = (families: ReadonlyMap<string, Family>, name: string) =>
  families.get(name)?.samples.some(({ value }) => value > 0) === true;

const familyOf = (
  series: string,
  shown: ReadonlyMap<string, Shown>,
): readonly [string, Shown] | undefined => {
  for (const name of [series, series.replace(/_(?:bucket|sum|count)$/, '')]) {
    const metric = shown.get(name);
    if (metric !== undefined && (metric.type === 'histogram') === (name !== series)) return [name, metric];
  }
  return undefined;
};

/** What is wrong with an expression, given what is really there. */
function problemsOf(expression: string, shown: ReadonlyMap<string, Shown>): string[] {
  const { series, groupedBy } = usesOf(expression);
  return series.flatMap(({ name, selectedBy }) => {
    const [, metric] = familyOf(name, shown) ?? [];
    if (metric === undefined) return [`there is no ${name}`];
    return [...selectedBy, ...groupedBy]
      .filter((label) => !metric.labels.has(label) && !added.includes(label))
      .map((label) => `${name} has no label ${label}`);
  });
}

interface Documented {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
}

/** The rows of the README's tables of metrics. */
const documented = (text: string): Documented[] =>
  [...text.matchAll(/^\| `(drumline_\w+)` \| (\w+) \|([^|]*)\|/gm)].map(
    ([, name = '', type = '', labels = '']) => ({
      name,
      type,
      labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = '']) => label).sort(),
    }),
  );

describe('the dashboard', () => {
  let shown: ReadonlyMap<string, Shown>;
  before(async () => {
    shown = await everything();
  });

  const targets = dashboard.panels.flatMap(({ title, targets = [] }) =>
    targets.map((target) => ({ title, ...target })),
  );
  const queries = [
    ...targets.map(({ expr }) => expr),
    ...dashboard.templating.list.flatMap(
      ({ definition }) => /^label_values\((.*), \w+\)$/.exec(definition ?? '')?.[1] ?? [],
    ),
  ];

  it('is judged by samples of every metric', () => {
    const empty = [...shown].filter(([, { labels }]) => !labels.has('role')).map(([name]) => name);
    expect(empty).to.deep.equal([]);
  });

  it('asks for what hub and worker really show, by labels that are really there', () => {
    expect(queries.length).to.be.above(40);
    expect(queries.flatMap((query) => problemsOf(query, shown))).to.deep.equal([]);
  });

  it('would be told of a name or label that is not there', () => {
    expect(problemsOf('sum(drumline_peer)', shown)).to.deep.equal(['there is no drumline_peer']);
    expect(problemsOf('sum by (worker) (drumline_peers)', shown)).to.deep.equal([
      'drumline_peers has no label worker',
    ]);
    expect(problemsOf('drumline_peers{code="x"}', shown)).to.deep.equal(['drumline_peers has no label code']);
    expect(problemsOf('drumline_handler_seconds', shown)).to.have.length(1);
    expect(problemsOf('drumline_peers_bucket', shown)).to.have.length(1);
  });

  it('names in its legends only what it groups by', () => {
    for (const { expr, legendFormat, title } of targets)
      for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        expect(usesOf(expr).groupedBy, `${title}: ${expr}`).to.include(label);
  });

  it('has panels with ids of their own, which do not overlap', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).to.equal(ids.length);
    const places = new Set<string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w, title).to.be.at.most(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          expect(places.has(`${x}/${y}`), `${title} overlaps`).to.equal(false);
          places.add(`${x}/${y}`);
        }
    }
  });

  it('has queries with letters of their own, all from the data source that is chosen', () => {
    expect(dashboard.schemaVersion).to.be.at.least(39);
    expect(dashboard.templating.list.map(({ name }) => name)).to.deep.equal([
      'datasource',
      'job',
      'instance',
    ]);
    for (const { title, type, datasource, targets = [] } of dashboard.panels) {
      if (type === 'row') continue;
      expect(targets, title).to.not.deep.equal([]);
      expect(new Set(targets.map(({ refId }) => refId)).size, title).to.equal(targets.length);
      for (const { uid } of [datasource, ...targets.map((target) => target.datasource)].flatMap(
        (x) => x ?? [],
      ))
        expect(uid).to.equal('$'.concat('{datasource}'));
    }
  });

  it('shows every metric but those that the README says it does not', () => {
    const used = new Set(
      queries.flatMap((query) => usesOf(query).series.map(({ name }) => familyOf(name, shown)?.[0])),
    );
    const missing = [...shown.keys()].filter((name) => !used.has(name));
    const [, line = ''] = /^Not on the dashboard: (.*)$/m.exec(readme) ?? [];
    const listed = [...line.matchAll(/`(\w+)`/g)].map(([, name]) => name);
    expect(missing.sort()).to.deep.equal(listed.sort());
  });

  it('is in the package', () => {
    const { files, exports } = JSON.parse(packageFile('package.json'));
    expect(files).to.include('dashboard.json');
    expect(exports['./dashboard.json']).to.equal('./dashboard.json');
  });

  describe('and the README', () => {
    it('document every metric, with its type and labels', () => {
      const real = [...shown].map(([name, { type, labels }]) => ({
        name,
        type,
        labels: [...labels].filter((label) => !['role', 'id', 'le'].includes(label)).sort(),
      }));
      const byName = (one: Documented, other: Documented) => (one.name < other.name ? -1 : 1);
      expect(documented(readme).sort(byName)).to.deep.equal(real.sort(byName));
    });

    it('give alerts that ask for what is really there', () => {
      const expressions = [...readme.matchAll(/^\s*expr: (.*)$/gm)].map(([, expression = '']) => expression);
      expect(expressions.length).to.be.above(5);
      for (const expression of expressions) {
        const [, left = ''] = /^(.*?) (?:>|>=|<|==) [\d.]+$/.exec(expression) ?? [];
        expect(
          problemsOf(left.replaceAll(/\[\d+[mh]\]/g, '[$__rate_interval]'), shown),
          expression,
        ).to.deep.equal([]);
        expect(left, expression).to.not.equal('');
      }
    });
  });
});
