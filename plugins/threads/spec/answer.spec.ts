import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { BusError, defineMessage, handler, type Plugin } from 'drumline/plugin';
import { lastValueFrom, toArray } from 'rxjs';
import { threads } from '../lib/index.js';
import { eventually, Fleet, failure, inThreads, module } from './fleet.js';

describe('A handler in a thread', () => {
  it('gets message and context as it does inline, in another thread', async () => {
    await using fleet = await Fleet.of(
      inThreads(['whoami', 'square']),
      {},
      { worker: { labels: { gpu: 'yes' } } },
    );
    const options = { headers: { tenant: 'a' }, timeoutMs: 5_000 };
    const seen = (await fleet.hub.request('w1', 'whoami', { any: 1 }, options)) as Record<string, unknown>;
    const { threadId, id, from, left, ...rest } = seen;
    expect(threadId).to.be.above(0);
    expect(id).to.be.a('string').and.not.equal('');
    expect(from).to.have.all.keys('id', 'epoch', 'labels');
    expect(left).to.be.within(3_000, 5_000);
    expect(rest).to.deep.equal({
      type: 'whoami',
      headers: { tenant: 'a' },
      attempt: 1,
      aborted: false,
      isSignal: true,
    });
    expect(await fleet.hub.request('w1', 'square', 7)).to.equal(49);
  });

  it('has no deadline if nobody set one', async () => {
    await using fleet = await Fleet.of(inThreads(['whoami']));
    const options = { timeoutMs: Number.POSITIVE_INFINITY };
    expect(await fleet.hub.request('w1', 'whoami', 0, options)).to.include({ left: null });
  });

  it('writes to the log of its process, with what details can be copied', async () => {
    await using fleet = await Fleet.of(inThreads(['say']));
    await fleet.hub.request('w1', 'say', null);
    expect(fleet.lines.filter(({ text }) => text.length === 1)).to.deep.equal([
      { level: 'debug', text: 'a' },
      { level: 'info', text: 'b', details: { n: 1 } },
      { level: 'warn', text: 'c', details: { details: '{ f: [Function: f] }' } },
      { level: 'error', text: 'd' },
    ]);
  });

  it('can write no more at once than its process can bear, and the log says so', async () => {
    await using fleet = await Fleet.of(inThreads(['speak']));
    await fleet.hub.request('w1', 'speak', 100_000);
    const told = /^line \d+(?: \((\d+) lines before this one were left out\))?$/;
    const lines = () => fleet.lines.flatMap(({ text }) => told.exec(text)?.slice(1) ?? []);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await fleet.hub.request('w1', 'speak', 1);
    const shown = () => lines().length;
    const leftOut = () => lines().reduce((sum, count) => sum + Number(count ?? 0), 0);
    await eventually('every line was shown or counted', () => shown() + leftOut() === 100_001);
    expect(shown()).to.be.below(100_001);
  });

  it('is told clearly that it has no services', async () => {
    await using fleet = await Fleet.of(inThreads(['serve']));
    const error = await failure(fleet.hub.request('w1', 'serve', null));
    expect(error).to.include({ code: 'handler-failed', retryable: false });
    expect(error.message).to.match(/context\.services is not there for 'serve', which runs in a thread/);
  });

  it('gets the environment, the flags and the data that the options give', async () => {
    const options = { env: { COLOUR: 'red' }, workerData: { table: [1, 2] }, execArgv: ['--no-warnings'] };
    await using fleet = await Fleet.of(inThreads(['surroundings']), options);
    expect(await fleet.hub.request('w1', 'surroundings', null)).to.deep.equal(options);
  });

  for (const [name, payload, result] of [
    ['echo', { a: [1, 'two', null, { b: false }] }, { a: [1, 'two', null, { b: false }] }],
    ['echo', undefined, undefined],
    ['echo', null, null],
    ['echo', '', ''],
    ['list', null, [1, 2, 3]],
  ] as const)
    it(`takes and gives ${JSON.stringify(result) ?? 'nothing'}`, async () => {
      await using fleet = await Fleet.of(inThreads([name]));
      expect(await fleet.hub.request('w1', name, payload)).to.deep.equal(result);
    });

  it('obeys interceptors, schemas, concurrency and order like any other', async () => {
    const doubling: Plugin = {
      manifest: { name: 'doubling', version: '1.0.0', engines: { drumline: '*' } },
      contributes: {
        interceptors: [
          (next) => async (message, context) =>
            ((await next({ ...message, payload: (message.payload as number) * 2 }, context)) as number) + 1,
        ],
      },
    };
    await using fleet = await Fleet.of(inThreads(['square']), {}, { plugins: [doubling] });
    expect(await fleet.hub.request('w1', 'square', 3)).to.equal(37);
  });

  it('is handled one at a time and in order if it asks for that, with however many threads', async () => {
    const seen: number[] = [];
    const watching: Plugin = {
      manifest: { name: 'watching', version: '1.0.0', engines: { drumline: '*' } },
      contributes: {
        interceptors: [
          (next) => async (message, context) => {
            await next(message, context);
            seen.push(message.payload as number);
          },
        ],
      },
    };
    const handlers = inThreads(['wait'], { concurrency: 1 });
    await using fleet = await Fleet.of(handlers, { threads: 3 }, { plugins: [watching] });
    await Promise.all([30, 20, 10, 0].map((ms) => fleet.hub.request('w1', 'wait', ms)));
    expect(seen).to.deep.equal([30, 20, 10, 0]);
  });

  it('has its payload checked on the event loop, before it runs', async () => {
    const schema = {
      '~standard': {
        version: 1 as const,
        vendor: 'spec',
        validate: (value: unknown) =>
          typeof value === 'number' ? { value: value + 1 } : { issues: [{ message: 'no number' }] },
      },
    };
    const Square = defineMessage('square', { payload: schema });
    await using fleet = await Fleet.of([handler(Square, { module, export: 'square' }, { run: 'thread' })]);
    expect(await fleet.hub.request('w1', 'square', 6)).to.equal(49);
    expect(await failure(fleet.hub.request('w1', 'square', 'x'))).to.include({ code: 'invalid-payload' });
    expect(fleet.started).to.have.length(1);
  });

  it('runs on a hub as on a worker, and two in one process have threads of their own', async () => {
    const handlers = inThreads(['whoami']);
    await using one = await Fleet.of(handlers, {}, { hub: { handlers, plugins: [threads()] } });
    await using two = await Fleet.of(handlers, {});
    const ids = (await Promise.all([
      one.worker.request('whoami', 0),
      one.hub.request('w1', 'whoami', 0),
      two.hub.request('w1', 'whoami', 0),
    ])) as { threadId: number }[];
    expect(new Set(ids.map(({ threadId }) => threadId)).size).to.equal(3);
    await one.worker.close();
    await one.hub.close();
    expect(await two.hub.request('w1', 'whoami', 0)).to.include({ attempt: 1 });
  });

  it('streams what it gives as an array', async () => {
    await using fleet = await Fleet.of(inThreads(['list']));
    expect(await lastValueFrom(fleet.hub.stream('w1', 'list', null).pipe(toArray()))).to.deep.equal([
      1, 2, 3,
    ]);
  });

  it('knows the identity that authentication found', async () => {
    const identity = { subject: 'ada', roles: ['a'] };
    const hub = { handlers: inThreads(['identify']), plugins: [threads()], authenticate: () => identity };
    await using fleet = await Fleet.of([], {}, { hub });
    expect(await fleet.worker.request('identify', 0)).to.deep.equal(identity);
  });
});

describe('The plugin', () => {
  it('has the name, version and engine range of its package', () => {
    const { name, version, peerDependencies } = JSON.parse(
      readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
    );
    expect(threads().manifest).to.deep.equal({ name, version, engines: peerDependencies });
  });

  it('is for one hub or worker at a time', async () => {
    const plugin = threads();
    await using _fleet = await Fleet.of([], {}, { hub: { plugins: [plugin] } });
    const again = Fleet.of([], {}, { hub: { plugins: [plugin] } });
    expect((await failure(again)).message).to.match(/call threads\(\) once for each/);
  });

  it('gives `closed` when it does not run', () => {
    const [executor] = threads().contributes?.executors ?? [];
    expect(() => executor?.execute({ module, export: 'square' }, {} as never, {} as never)).to.throw(
      BusError,
      'does not run',
    );
  });
});
