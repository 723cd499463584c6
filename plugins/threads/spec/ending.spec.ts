import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { BusError } from 'drumline/plugin';
import { Bare } from './bare.js';
import { eventually, Fleet, failure, inThreads } from './fleet.js';

const deaf = { endAfterMs: 50 };
const kinds = (fleet: Fleet) => fleet.faults.map(({ kind }) => kind);

describe('A thread whose handler is not wanted any more', () => {
  it('has its signal fired at timeoutMs, and goes on to serve when the handler lets go', async () => {
    await using fleet = await Fleet.of(inThreads(['heed'], { timeoutMs: 100 }));
    const error = await failure(fleet.hub.request('w1', 'heed', null));
    expect(error).to.include({ code: 'timeout' });
    await eventually('it let go', () => fleet.lines.some(({ text }) => text.startsWith('let go')));
    const text = fleet.lines.find((line) => line.text.startsWith('let go'))?.text;
    expect(text).to.match(
      /^let go: true timeout a message of type 'heed' ran into the timeoutMs of its handler$/,
    );
    await failure(fleet.hub.request('w1', 'heed', null));
    expect([fleet.started.length, fleet.ended]).to.deep.equal([1, 0]);
  });

  it('has its signal fired when the sender cancels', async () => {
    await using fleet = await Fleet.of(inThreads(['heed']));
    const controller = new AbortController();
    const call = fleet.hub.request('w1', 'heed', null, { signal: controller.signal });
    await eventually('it waits', () => fleet.lines.some(({ text }) => text === 'waiting'));
    controller.abort();
    expect(await failure(call)).to.include({ code: 'cancelled' });
    await eventually('it let go', () => fleet.lines.some(({ text }) => /^let go: true cancelled/.test(text)));
    expect(fleet.ended).to.equal(0);
  });

  for (const [name, what] of [
    ['spin', 'spins'],
    ['defy', 'defies its signal'],
  ] as const)
    it(`is ended if its handler ${what}, and another one serves`, async () => {
      const handlers = [...inThreads([name], { timeoutMs: 100 }), ...inThreads(['square'])];
      await using fleet = await Fleet.of(handlers, { threads: 1, ...deaf });
      const began = performance.now();
      const call = fleet.hub.request('w1', name, 60_000);
      const next = fleet.hub.request('w1', 'square', 7);
      expect(await failure(call)).to.include({ code: 'timeout' });
      expect(performance.now() - began).to.be.within(90, 4_000);
      expect(await next).to.equal(49);
      expect(performance.now() - began).to.be.within(140, 5_000);
      await eventually('the first thread has ended', () => fleet.ended === 1);
      expect(fleet.started).to.have.length(2);
      expect(kinds(fleet)).to.include('fault').and.not.include('abandoned');
      expect(fleet.lines.map(({ text }) => text)).to.include(
        `the handler of '${name}' went on for 50 ms after its signal had fired: its thread is ended`,
      );
    });

  it('is not taken by the next message before it has let go', async () => {
    const handlers = [...inThreads(['defy'], { timeoutMs: 50 }), ...inThreads(['square'])];
    await using fleet = await Fleet.of(handlers, { threads: 1, endAfterMs: 500 });
    const began = performance.now();
    void failure(fleet.hub.request('w1', 'defy', null));
    await fleet.hub.request('w1', 'square', 7);
    expect(performance.now() - began).to.be.above(500);
  });

  it('need not be there yet: what waits for one is let go at once, and never runs', async () => {
    const bare = await Bare.of({ threads: 1 });
    const long = bare.execute('wait', 300);
    const began = performance.now();
    const waiting = failure(bare.execute('setFlag', 1, { abortAfterMs: 50 }));
    expect(await waiting).to.include({ code: 'cancelled' });
    expect(performance.now() - began).to.be.below(250);
    await long;
    expect(await bare.execute('flag', null)).to.equal(0);
    await bare.stop();
  });

  it('hears of it however early that is, also when that overtakes the message', async () => {
    const bare = await Bare.of({ threads: 1, endAfterMs: 3_000 });
    for (let n = 0; n < 3; n += 1) {
      expect(await bare.execute('spinAfterwards', 150)).to.equal('done');
      expect(await bare.execute('heed', null, { abortAfterMs: 50 })).to.equal('let go');
    }
    expect(bare.started).to.have.length(1);
    await bare.stop();
  });
});

describe('A worker that closes', () => {
  it('ends all its threads, also those that spin, and leaves nothing behind', async () => {
    await new Promise((resolve) => setTimeout(resolve, 10));
    const before = process.getActiveResourcesInfo();
    const fleet = await Fleet.of(inThreads(['spin', 'defy', 'wait']), { threads: 3 });
    const calls = [
      failure(fleet.hub.request('w1', 'spin', 60_000)),
      failure(fleet.hub.request('w1', 'defy', null)),
      ...[1, 2, 3].map(() => failure(fleet.hub.request('w1', 'wait', 60_000))),
    ];
    await eventually('three threads', () => fleet.started.length === 3);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const began = performance.now();
    await fleet.worker.close();
    expect(performance.now() - began).to.be.below(4_000);
    expect(fleet.ended).to.equal(fleet.started.length);
    await Promise.all(calls);
    await fleet[Symbol.asyncDispose]();
    await eventually('nothing is left', () => process.getActiveResourcesInfo().length <= before.length);
  });

  it('ends them at once when the plugin is told to stop, whatever they do', async () => {
    const bare = await Bare.of({ threads: 2, endAfterMs: 60_000 });
    const spins = [1, 2].map(() => failure(bare.execute('spin', 60_000)));
    const queued = failure(bare.execute('square', 7));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const began = performance.now();
    await bare.stop();
    expect(performance.now() - began).to.be.below(1_000);
    for (const error of await Promise.all([...spins, queued])) expect(error).to.include({ code: 'closed' });
    expect(bare.started.filter(({ threadId }) => threadId !== -1)).to.deep.equal([]);
    expect(() => bare.execute('square', 7)).to.throw(BusError, 'does not run');
  });

  it('ends a thread that was just told to end', async () => {
    const bare = await Bare.of({ threads: 1, endAfterMs: 0 });
    const call = bare.execute('spin', 60_000, { abortAfterMs: 100 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    await new Promise((resolve) => setImmediate(resolve));
    await bare.stop();
    expect(bare.started.filter(({ threadId }) => threadId !== -1)).to.deep.equal([]);
    expect(await failure(call)).to.include({ code: 'cancelled' });
  });
});

describe('Idle threads', () => {
  it('end after idleTimeoutMs, but for minThreads', async () => {
    const options = { threads: 3, minThreads: 1, idleTimeoutMs: 100 };
    await using fleet = await Fleet.of(inThreads(['wait']), options);
    await Promise.all([1, 2, 3].map(() => fleet.hub.request('w1', 'wait', 100)));
    expect(fleet.started).to.have.length(3);
    await eventually('two have ended', () => fleet.ended === 2);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(fleet.ended).to.equal(2);
    expect(await fleet.hub.request('w1', 'wait', 0)).to.be.above(0);
  });

  it('do not keep a process alive', async () => {
    const { exitCode } = await run(process.execPath, [fileURLToPath(new URL('./idle.js', import.meta.url))]);
    expect(exitCode).to.equal(0);
  });
});

/** Resolves when a program has ended; ends it after 5 s. */
const run = (program: string, flags: readonly string[]) =>
  new Promise<{ exitCode: number | null }>((resolve) => {
    spawn(program, flags, { stdio: 'ignore', timeout: 5_000 }).once('exit', (exitCode) =>
      resolve({ exitCode }),
    );
  });
