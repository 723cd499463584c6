// A guard on how much one message allocates, which needs no clock: with a young generation of a fixed size, the number of
// its collections says how many bytes were allocated, and is next to the same on every machine.
import { readFileSync, writeFileSync } from 'node:fs';
import { contestants } from './contestants.mjs';
import { arrival, openPair } from './pair.mjs';

const bounds = new URL('./allocation.json', import.meta.url);
const room = 1.15;
const mostTries = 3;
const youngBytes = 2 ** 20;
const flags = ['--min-semi-space-size=1', '--max-semi-space-size=1', '--single-threaded-gc'];
const size = 256;
const messages = 100_000;
const requests = 50_000;

const burst = 500;

/** Bursts, each after the one before has arrived: how often a sender has to wait for room depends on the machine. */
async function publish(from, to, count) {
  for (let sent = 0; sent < count; sent += burst) {
    await to.ask('expect', { count: burst });
    await Promise.all([from.ask('publish', { count: burst }), arrival(to)]);
  }
}

/** @type {Record<string, { count: number, run: (pair: import('./pair.mjs').Pair, count: number) => Promise<unknown> }>} */
const loads = {
  'one-way worker to hub': { count: messages, run: ({ hub, client }, count) => publish(client, hub, count) },
  'one-way hub to worker': { count: messages, run: ({ hub, client }, count) => publish(hub, client, count) },
  'request, 128 in flight': {
    count: requests,
    run: ({ client }, count) => client.ask('request', { count, inFlight: 128, verb: 'request' }),
  },
};

/** Bytes that each side allocates for one message of a load, once the code is compiled. */
async function measure({ count, run }) {
  const [drumline] = contestants;
  const pair = await openPair(drumline, { size, handler: 'sync' }, { flags });
  try {
    const collections = async () => {
      const [hub, worker] = await Promise.all([pair.hub.ask('collections'), pair.client.ask('collections')]);
      return { hub: hub.collections, worker: worker.collections };
    };
    await run(pair, count / 2);
    const before = await collections();
    await run(pair, count);
    const after = await collections();
    const perMessage = (side) => Math.round(((after[side] - before[side]) * youngBytes) / count);
    return { hub: perMessage('hub'), worker: perMessage('worker') };
  } finally {
    await pair.close();
  }
}

/** The least of a few tries, since what disturbs one only adds; one that is within its bounds is enough. */
async function least(load, known) {
  let best = await measure(load);
  for (let tries = 1; tries < mostTries && !within(best, known); tries++) {
    const next = await measure(load);
    best = { hub: Math.min(best.hub, next.hub), worker: Math.min(best.worker, next.worker) };
  }
  return best;
}

const within = (measured, known) =>
  known !== undefined && measured.hub <= known.hub * room && measured.worker <= known.worker * room;

/** Measures all loads and compares them with the file, or writes it; gives whether all is well. */
export async function guard(/** @type {boolean} */ record) {
  const known = record ? {} : JSON.parse(readFileSync(bounds, 'utf8'));
  const measured = {};
  for (const [name, load] of Object.entries(loads)) measured[name] = await least(load, known[name]);
  if (record) writeFileSync(bounds, `${JSON.stringify(measured, undefined, 2)}\n`);

  console.log(`Bytes allocated for each message of ${size} bytes; 15 % more than recorded is too much.\n`);
  console.log('| load | side | bytes | recorded | |\n| --- | --- | ---: | ---: | --- |');
  for (const [name, sides] of Object.entries(measured)) {
    for (const [side, bytes] of Object.entries(sides)) {
      const recorded = (known[name] ?? sides)[side];
      const verdict = bytes > recorded * room ? 'TOO MUCH' : bytes < recorded / room ? 'less: record it' : '';
      console.log(`| ${name} | ${side} | ${bytes} | ${recorded} | ${verdict} |`);
    }
  }
  return record || Object.entries(measured).every(([name, sides]) => within(sides, known[name]));
}
