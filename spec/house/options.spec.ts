import { expect } from 'chai';
import ts from 'typescript-5';
import { parse } from './imports.js';
import { type Member, membersOf, type Row, rowsOf } from './options.js';
import { read } from './sources.js';

const text = (path: string): string => read([path]).get(path) ?? '';

/** What is declared and has no row, what has a row and is not declared, and defaults that differ. */
function differences(members: readonly Member[], rows: readonly Row[]): string[] {
  const names = rows.map(({ name }) => name);
  return [
    ...members.filter(({ name }) => !names.includes(name)).map(({ name }) => `${name} has no row`),
    ...names
      .filter((name) => !members.some((member) => member.name === name))
      .map((name) => `there is no ${name}`),
    ...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `${name} has two rows`),
    ...members.flatMap(({ name, fallback }) => {
      const told = rows.find((row) => row.name === name)?.fallback;
      // An empty cell claims nothing: what is an object has a table of its own.
      const agree = !fallback || !told || told === fallback;
      return agree ? [] : [`${name} is ${fallback} by default, not ${told}`];
    }),
  ];
}

describe('The page of options', () => {
  const page = text('docs/options.md');

  // A heading of the page, which of its tables, the file, and the declaration.
  for (const [heading, table, path, name] of [
    ['createHub', 0, 'lib/hub/option.ts', 'HubOptions'],
    ['listen', 0, 'lib/hub/option.ts', 'Listen'],
    ['TLS of a hub', 0, 'lib/transport/link.ts', 'ServerTls'],
    ['limits', 0, 'lib/hub/option.ts', 'HubLimits'],
    ['createWorker', 0, 'lib/worker/option.ts', 'WorkerOptions'],
    ['Hub address', 0, 'lib/worker/option.ts', 'HubAddress'],
    ['TLS of a worker', 0, 'lib/transport/link.ts', 'ClientTls'],
    ['reconnect', 0, 'lib/worker/option.ts', 'WorkerOptions.reconnect'],
    ['lane', 0, 'lib/session/option.ts', 'LaneLimits'],
    ['memory', 0, 'lib/session/option.ts', 'MemoryLimits'],
    ['outbox', 0, 'lib/session/option.ts', 'SendLimits'],
    ['beat', 0, 'lib/frame/frame.ts', 'BeatTiming'],
    ['beat', 1, 'lib/hub/option.ts', 'BeatOptions'],
    ['Handlers', 0, 'lib/handler/registration.ts', 'ModuleOptions'],
    ['What a handler gets', 0, 'lib/handler/context.ts', 'HandlerMessage'],
    ['What a handler gets', 1, 'lib/handler/context.ts', 'Context'],
    ['What a handler gets', 2, 'lib/handler/context.ts', 'Peer'],
    ['Log', 0, 'lib/handler/context.ts', 'Log'],
    ['Calls', 0, 'lib/handler/call-option.ts', 'CallOptions'],
    ['Calls', 1, 'lib/handler/call-option.ts', 'PublishOptions'],
    ['Hub', 0, 'lib/hub/hub.ts', 'Hub'],
    ['Worker', 0, 'lib/worker/worker.ts', 'Worker'],
    ['What they tell', 0, 'lib/hub/member.ts', 'WorkerInfo'],
    ['What they tell', 1, 'lib/hub/census.ts', 'Census'],
    ['What they tell', 2, 'lib/hub/explanation.ts', 'Explanation'],
    ['What they tell', 3, 'lib/plugin/stats.ts', 'Stats'],
    ['memoryNetwork', 0, 'lib/transport/memory/memory-network.ts', 'MemoryNetworkOptions'],
    ['memoryNetwork', 1, 'lib/transport/memory/memory-network.ts', 'MemoryNetwork'],
    ['virtualClock', 0, 'lib/testing/virtual-clock.ts', 'VirtualClockOptions'],
    ['virtualClock', 1, 'lib/testing/virtual-clock.ts', 'VirtualClock'],
    ['conformance', 0, 'lib/testing/conformance/option.ts', 'ConformanceOptions'],
  ] as const) {
    it(`has ${name}, whole and with its defaults, and nothing else`, () => {
      expect(differences(membersOf(path, name), rowsOf(page, heading, table))).to.deep.equal([]);
    });
  }

  it('has the options of defineMessage', () => {
    const members = membersOf('lib/handler/contract.ts', 'AnyContract').filter(({ name }) => name !== 'type');
    expect(differences(members, rowsOf(page, 'Contracts', 0))).to.deep.equal([]);
  });

  it('is held to what stands in it: a lost, an invented and a repeated row are seen, and a wrong default', () => {
    const members = membersOf('lib/hub/option.ts', 'HubLimits');
    const rows = rowsOf(page, 'limits', 0);
    expect(differences(members, rows.slice(1))).to.deep.equal(['handshakeTimeoutMs has no row']);
    expect(differences(members.slice(1), rows)).to.deep.equal(['there is no handshakeTimeoutMs']);
    expect(differences(members, [...rows, ...rows.slice(0, 1)])).to.deep.equal([
      'handshakeTimeoutMs has two rows',
    ]);
    const changed = rows.map((row) => (row.name === 'maxHelloBytes' ? { ...row, fallback: '65,535' } : row));
    expect(differences(members, changed)).to.deep.equal(['maxHelloBytes is 65,536 by default, not 65,535']);
  });
});

describe('The page for writers of plugins', () => {
  it('lists every name that drumline/plugin exports, and no other', () => {
    const door = parse('lib/plugin.ts', text('lib/plugin.ts'));
    const names = door.statements.flatMap((statement) =>
      ts.isExportDeclaration(statement) && statement.exportClause && ts.isNamedExports(statement.exportClause)
        ? statement.exportClause.elements.map((element) => element.name.text)
        : [],
    );
    const [, section = ''] = text('docs/writing-a-plugin.md').split('\n## Exported names\n');
    const listed = [...section.matchAll(/^\| ([^|]+) \|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name),
    );
    const known = (name: string) => ({ name, fallback: undefined });
    expect(differences(names.map(known), listed.map(known))).to.deep.equal([]);
  });
});
