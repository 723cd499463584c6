import { expect } from 'chai';
import type { ModuleOptions } from '../../lib/handler/registration.js';
import { handler } from '../../lib/handler/registration.js';
import { definePlugin } from '../../lib/plugin/manifest.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, watched } from '../hub/bus.js';

/** A worker whose handler runs in an executor, where the spec sees it start and ends it. */
async function trial(options: Omit<ModuleOptions, 'run'>) {
  const started: unknown[] = [];
  const ends = new Map<unknown, () => void>();
  const executor = {
    run: 'elsewhere',
    execute: ({ export: name }: { export: string }, { payload }: { payload: unknown }) =>
      new Promise((resolve) => {
        started.push(payload);
        ends.set(payload, () => resolve(`${name} ${payload}`));
      }),
  };
  const place = { module: new URL('file:///handlers/crunch.js'), export: 'work' };
  const elsewhere = definePlugin({
    manifest: { name: 'elsewhere', version: '1.0.0', engines: { drumline: '*' } },
    contributes: { executors: [executor] },
  });
  const handlers = [handler('work', place, { ...options, run: 'elsewhere' })];
  const bus = await Bus.of({}, { id: 'w1', plugins: [elsewhere], handlers });
  const end = async (payload: unknown) => {
    ends.get(payload)?.();
    await bus.clock.settle();
  };
  const ask = async (...payloads: unknown[]) => {
    const calls = payloads.map((payload) => watched(bus.hub.request('w1', 'work', payload)));
    await bus.clock.settle();
    return calls;
  };
  return { bus, started, end, ask };
}

describe('a handler that runs elsewhere', () => {
  noUnhandledRejections();

  it('is handled one at a time, in order, where its options say so', async () => {
    const { bus, started, end, ask } = await trial({ concurrency: 1 });
    const calls = await ask('a', 'b', 'c');
    expect(started).to.deep.equal(['a']);
    for (const payload of ['a', 'b', 'c']) await end(payload);
    expect(calls.map(({ value }) => value)).to.deep.equal(['work a', 'work b', 'work c']);
    await bus.close();
  });

  it('keeps the order of each key, and runs keys side by side', async () => {
    const { bus, started, end, ask } = await trial({ key: (payload) => String(payload)[0] ?? '' });
    await ask('a1', 'a2', 'b1');
    expect(started).to.deep.equal(['a1', 'b1']);
    await end('a1');
    expect(started).to.deep.equal(['a1', 'b1', 'a2']);
    await bus.close();
  });

  it('is answered at its timeoutMs, and is stuck if its executor lets it run on', async () => {
    const { bus, started, ask } = await trial({ concurrency: 1, timeoutMs: 400 });
    const [call] = await ask('a');
    await bus.clock.advance(400);
    expect(call?.error).to.include({ code: 'timeout' });
    await bus.clock.advance(5_000);
    const [behind] = await ask('b');
    expect(behind?.error).to.include({ code: 'stuck' });
    expect(started).to.deep.equal(['a']);
    await bus.close();
  });
});
