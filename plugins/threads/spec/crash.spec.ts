import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { BusError } from 'drumline/plugin';
import { eventually, Fleet, failure, inThreads } from './fleet.js';

const kinds = (fleet: Fleet) => fleet.faults.map(({ kind }) => kind);

describe('A thread that ends', () => {
  const ends: [name: string, payload: unknown, text: RegExp, details: object][] = [
    [
      'exit',
      3,
      /^the thread of the handler of 'exit' ended with exit code 3$/,
      { thread: 'exited', exitCode: 3 },
    ],
    ['exit', 0, /ended with exit code 0$/, { thread: 'exited', exitCode: 0 }],
    ['exitLater', 5, /ended with exit code 5$/, { thread: 'exited', exitCode: 5 }],
    ['crashInTimer', 0, /crashed: nobody catches this$/, { thread: 'crashed' }],
    ['rejectInVain', 0, /crashed: nobody awaits this$/, { thread: 'crashed' }],
  ];
  for (const [name, payload, text, details] of ends)
    it(`is told as a fault of its message (${name} ${payload}), and hurts no other`, async () => {
      await using fleet = await Fleet.of(inThreads([name, 'wait', 'square']), { threads: 2 });
      const other = fleet.hub.request('w1', 'wait', 300);
      const crash = failure(fleet.hub.request('w1', name, payload));
      const queued = [1, 2, 3].map((n) => fleet.hub.request('w1', 'square', n));
      const error = await crash;
      expect(error.message).to.match(text);
      expect(error).to.include({ code: 'handler-failed', retryable: false });
      expect(error.details).to.deep.equal({ type: name, ...details });
      expect(await Promise.all(queued)).to.deep.equal([1, 4, 9]);
      expect(await other).to.be.above(0);
      expect(fleet.ended).to.equal(1);
      expect(fleet.events.filter(({ kind }) => kind === 'suspect')).to.deep.equal([]);
    });

  it('for want of memory says so, and the process goes on', async () => {
    const resourceLimits = { maxOldGenerationSizeMb: 32 };
    await using fleet = await Fleet.of(inThreads(['fillMemory', 'square']), { threads: 1, resourceLimits });
    const error = await failure(fleet.hub.request('w1', 'fillMemory', null));
    expect(error.message).to.match(/'fillMemory' ran out of the memory that its thread may have/);
    expect(error.details).to.deep.equal({ type: 'fillMemory', thread: 'out-of-memory' });
    expect(await fleet.hub.request('w1', 'square', 7)).to.equal(49);
  }).timeout(20_000);

  it('after its handler has answered is a line in the log, and no fault', async () => {
    await using fleet = await Fleet.of(inThreads(['crashAfterwards', 'square']), { threads: 1 });
    expect(await fleet.hub.request('w1', 'crashAfterwards', null)).to.equal('done');
    await eventually('it crashed', () => fleet.ended === 1);
    expect(fleet.lines.map(({ text }) => text)).to.include(
      "plugin '@drumline/threads': a thread without a message ended: too late",
    );
    expect(kinds(fleet)).not.to.include('fault');
    expect(await fleet.hub.request('w1', 'square', 7)).to.equal(49);
  });

  it('costs each of many messages its own fault and nothing more', async () => {
    await using fleet = await Fleet.of(inThreads(['exit', 'square'], { concurrency: 32 }), { threads: 2 });
    const calls = Array.from({ length: 20 }, (_, n) =>
      n % 2 === 0
        ? failure(fleet.hub.request('w1', 'exit', 1)).then(({ code }) => code)
        : fleet.hub.request('w1', 'square', n),
    );
    expect(await Promise.all(calls)).to.deep.equal(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? 'handler-failed' : n * n)),
    );
  });
});

describe('Threads that cannot be started', () => {
  it('fail the start of the worker', async () => {
    for (const options of [
      { execArgv: ['--import', 'data:text/javascript,throw new Error("no preload")'] },
      { execArgv: ['--import', 'data:text/javascript,process.exit(9)'] },
      { execArgv: ['--no-such-flag'] },
    ]) {
      const error = await failure(Fleet.of(inThreads(['square']), options));
      expect(BusError.is(error, 'plugin')).to.equal(true);
      expect(error.message).to.match(/^plugin '@drumline\/threads': start failed/);
    }
  });

  it('cost later messages a fault each, and serve again when they can', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'drumline-threads-'));
    const preload = join(folder, 'preload.mjs');
    try {
      writeFileSync(preload, '');
      const options = { threads: 2, idleTimeoutMs: 0, execArgv: ['--import', pathToFileURL(preload).href] };
      await using fleet = await Fleet.of(inThreads(['square']), options);
      await eventually('the first thread has ended', () => fleet.ended === 1);
      for (const [text, why] of [
        ['process.exit(9)', /^no thread could be started for 'square': it ended before it was ready$/],
        ['throw new Error("no preload")', /^no thread could be started for 'square': no preload$/],
      ] as const) {
        writeFileSync(preload, text);
        for (const error of await Promise.all(
          [1, 2, 3].map((n) => failure(fleet.hub.request('w1', 'square', n))),
        )) {
          expect(error.message).to.match(why);
          expect(error.details).to.deep.equal({ type: 'square', thread: 'not-started' });
        }
      }
      writeFileSync(preload, '');
      expect(await fleet.hub.request('w1', 'square', 7)).to.equal(49);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
