import { median } from '../page.mjs';
import { polling, roomOf, waiting } from './rooms.mjs';

const add = (/** @type {Map<string, number>} */ to, /** @type {string} */ key, /** @type {number} */ us) =>
  to.set(key, (to.get(key) ?? 0) + us);

/** Where a function is, short enough for a table. */
const place = (/** @type {{ url: string, line: number }} */ { url, line }) =>
  url === '' ? '' : `${url.replace(/^.*\/(node_modules|build\/lib|spec\/bench)\//, '')}:${line}`;

/**
 * What all rounds of one contestant say of one side, in microseconds for each message: of all its processes together.
 * @param {'worker' | 'hub'} side
 */
function sideOf(rounds, side) {
  const total = (key, of) => rounds.reduce((sum, round) => sum + of(round[key]), 0);
  const perMessage = (key, of) => total(key, of) / total(key, ({ count }) => count);
  const ofProcesses = (run, of) => run[side].reduce((sum, one) => sum + of(one), 0);
  const sampled = total('sampled', ({ count }) => count);
  const byRoom = new Map();
  const byFunction = new Map();
  for (const { sampled: run } of rounds) {
    for (const one of run[side].flatMap(({ functions }) => functions)) {
      add(byRoom, roomOf(one), one.us / sampled);
      if (one.name !== '(idle)')
        add(byFunction, `${one.name || '(anonymous)'} | ${place(one)}`, one.us / sampled);
    }
  }
  const measured = (key) => {
    const cpu = (name) => perMessage(key, (run) => ofProcesses(run, (one) => one.cpu[name]));
    const wall = perMessage(key, (run) => run.us * run[side].length);
    const told = rounds[0][key][side][0].cpu.main !== undefined;
    return { wall, ...(told && { main: cpu('main'), queued: cpu('queued'), others: cpu('others') }) };
  };
  const sum = [...byRoom.values()].reduce((a, b) => a + b, 0);
  const idle = byRoom.get(waiting) ?? 0;
  const whileSampled = measured('sampled');
  if (whileSampled.main !== undefined) {
    // What the kernel counted beyond all samples that are not idle; the least that it can have been.
    const hidden = Math.min(idle, Math.max(0, whileSampled.main - (sum - idle)));
    byRoom.set(polling, hidden).set(waiting, idle - hidden);
  }
  return {
    rooms: byRoom,
    sum,
    busy: sum - (byRoom.get(waiting) ?? 0),
    sampled: whileSampled,
    plain: measured('plain'),
    top: [...byFunction].sort(([, a], [, b]) => b - a).slice(0, 10),
  };
}

/** The sums of one contestant: medians of what was measured without and with samples, and both sides. */
export function sumsOf({ who, rounds }) {
  const medianOf = (what, key) => median(rounds.map((round) => round[key].measured[what]));
  const names = Object.keys(rounds[0].plain.measured);
  return {
    who,
    measured: names.map((what) => [
      what,
      { plain: medianOf(what, 'plain'), sampled: medianOf(what, 'sampled') },
    ]),
    worker: sideOf(rounds, 'worker'),
    hub: sideOf(rounds, 'hub'),
  };
}
