import { ended, type Pair } from './pair.js';
import type { Program } from './program.js';
import { quoted, seconds } from './row.js';
import { type Case, type Course, slow, story } from './slow.js';

const verdict = /failed to send heartbeat|The last worker|self-healed|Didn't get heartbeat|Unhandled/;

/** The case on Locust, in words; ends the pair. */
export async function slowLocust(pair: Pair, one: Case): Promise<string[]> {
  try {
    const course = await slow(pair, one);
    const names = { master: pair.hub, worker: pair.worker };
    const happened = Object.entries(names).flatMap(([name, program]) => [
      ...said(name, program, course),
      ...ends(name, program),
    ]);
    return [...story(course, happened), ...(await runOf(pair.hub))];
  } finally {
    await ended(pair.hub, pair.worker);
  }
}

const said = (name: string, program: Program, { pair }: Course) =>
  program
    .all('log')
    .filter(({ text }) => verdict.test(text))
    .map(({ at, text }) => {
      const beat = pair.hub.all('beat').findLast((beat) => beat.at < at);
      const missing =
        beat && text.includes('missing.') ? ` (${seconds(at - beat.at)} after its last beat)` : '';
      return [at, `the ${name} says ${quoted(text)}${missing}`] as const;
    });

const ends = (name: string, { exit }: Program) =>
  exit ? [[exit.at, `the ${name}'s process ends (${exit.how})`] as const] : [];

async function runOf(master: Program): Promise<string[]> {
  if (master.exit) return [];
  master.tell({ do: 'state' });
  const state = await master.hears('state', 3_000);
  return state ? [`the run afterwards: ${state.run}, ${state.ready} worker there`] : [];
}
