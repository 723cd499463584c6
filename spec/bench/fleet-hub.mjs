// The hub of many workers, in a process of its own.
import { setTimeout as sleep } from 'node:timers/promises';
import { answer, now, tell } from './commands.mjs';
import { Gaps } from './gaps.mjs';
import { keepInFlight } from './loads/request.mjs';
import { payloadsOf } from './payloads.mjs';
import { observing } from './profile/observation.mjs';
import { watch } from './stall.mjs';

const beatMs = 1000;
const pollMs = 5;
const collect = globalThis.gc ?? (() => {});
const { openHub } = await import(process.argv[2]);

const gaps = new Gaps(now, beatMs);
let hub;
let longestStallMs = 0;

// How long the event loop did not turn, at most: while it does not, the hub says nothing to anybody.
let turned = now();
setInterval(() => {
  const at = now();
  longestStallMs = Math.max(longestStallMs, at - turned - pollMs);
  turned = at;
}, pollMs);

const memory = () => {
  collect();
  return process.memoryUsage().rss;
};

async function joined(/** @type {number} */ count) {
  while (hub.joined() < count) await sleep(pollMs);
}

answer({
  async open({ port = 0 }) {
    hub = await openHub({ port, beats: () => gaps.peer(), owned: (pid) => tell({ owned: pid }) });
    const opened = { address: hub.address, at: now(), rss: memory() };
    turned = now();
    longestStallMs = 0;
    return opened;
  },
  /** Answers once that many workers are there; when that was, and for how long it stood still since it was last asked. */
  async joined({ count }) {
    let stop = () => {};
    const missing = new Promise((_, reject) => {
      const few = () =>
        reject(new Error(`${hub.joined()} of ${count} workers joined, then none for four seconds`));
      stop = watch(() => hub.joined(), few);
    });
    await Promise.race([joined(count), missing]);
    stop();
    const at = now();
    const stallMs = longestStallMs;
    longestStallMs = 0;
    return { at, stallMs };
  },
  /** What it takes to have them, doing nothing for so long. */
  async idle({ ms }) {
    gaps.start();
    const began = now();
    const cpu = process.cpuUsage();
    await sleep(ms);
    const { user, system } = process.cpuUsage(cpu);
    const at = now();
    const percent = (user + system) / 10 / (at - began);
    return { began, at, percent, lateMs: gaps.stop(), joined: hub.joined() };
  },
  memory: () => ({ rss: memory() }),
  async broadcast({ size, count, perTurn }) {
    const payloads = payloadsOf(size);
    const began = now();
    for (let n = 0; n < count; n += perTurn) {
      hub.broadcast(Array.from({ length: perTurn }, (_, i) => payloads[(n + i) % payloads.length]));
      await new Promise(setImmediate);
    }
    return { began };
  },
  async work({ size, count, inFlight }) {
    const began = now();
    const side = { request: hub.work };
    await keepInFlight(side, payloadsOf(size), inFlight, 'request', (n) => n < count);
    return { began, at: now() };
  },
  ...observing(),
  close: () => hub?.close(),
});
