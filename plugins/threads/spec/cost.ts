// What a thread costs per message, against a call of the same function: `node build/spec/cost.js` in this folder.
import { Bare } from './bare.js';
import { echo } from './work.js';

// The best of some rounds: whatever else the machine does only adds.
const best = (values: readonly number[]): number => Math.round(Math.min(...values));

const bare = await Bare.of({ threads: 1, maxQueued: 1_000_000 });

async function time(calls: number, inFlight: number, call: () => unknown): Promise<number> {
  const began = performance.now();
  for (let n = 0; n < calls; n += inFlight) await Promise.all(Array.from({ length: inFlight }, call));
  return ((performance.now() - began) / calls) * 1_000;
}

/** How long the event loop is held per message, in microseconds: what threads do beside it does not count. */
async function held(calls: number, call: () => unknown): Promise<number> {
  const before = performance.eventLoopUtilization();
  for (let n = 0; n < calls; n += 1) await call();
  return (performance.eventLoopUtilization(before).active / calls) * 1_000;
}

const mib = 1024 * 1024;
const cases: [name: string, payload: unknown, calls: number][] = [
  ['a small object', { frame: 1, name: 'render' }, 2_000],
  ['256 bytes', new Uint8Array(256), 2_000],
  ['1 MiB of bytes, there and back', new Uint8Array(mib), 100],
  [
    '1 MiB as an object, there and back',
    { rows: Array.from({ length: 2_048 }, (_, n) => 'x'.repeat(496) + n) },
    50,
  ],
];
for (const [name, payload, calls] of cases) {
  const message = { payload, type: 'echo', id: '1', headers: {} };
  const inThread = () => bare.execute('echo', payload);
  await time(calls, 1, inThread);
  const one: number[] = [];
  const many: number[] = [];
  const holds: number[] = [];
  const inline: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    one.push(await time(calls, 1, inThread));
    many.push(await time(calls, 16, inThread));
    holds.push(await held(calls, inThread));
    inline.push(await time(calls, 1, async () => echo(message)));
  }
  const [alone, together, holding, plain] = [one, many, holds, inline].map(best);
  console.log(
    `${name}: ${alone} µs alone, ${together} µs with 16 waiting, event loop ${holding} µs; inline ${plain} µs`,
  );
}
await bare.stop();

const starts: number[] = [];
for (let round = 0; round < 9; round += 1) {
  const began = performance.now();
  const once = await Bare.of({ threads: 1 });
  starts.push(performance.now() - began);
  await once.stop();
}
console.log(`a thread starts in ${best(starts)} ms`);
