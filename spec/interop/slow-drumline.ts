import { ended, type Pair } from './pair.js';
import type { OnDrumline } from './row.js';
import { type Case, type Course, noteAfterMs, slow, story } from './slow.js';

const sides = ['hub', 'worker'] as const;
const verdicts = ['suspect', 'lost', 'left', 'fenced', 'disconnected', 'refused'];

/** The case on Drumline, in words; ends the pair. */
export async function slowDrumline(pair: Pair, one: Case): Promise<OnDrumline> {
  try {
    const course = await slow(pair, one);
    return { told: [...story(course, happenedIn(pair)), ...without(course)], broken: brokenIn(course) };
  } finally {
    await ended(pair.hub, pair.worker);
  }
}

const happenedIn = (pair: Pair) =>
  sides.flatMap((side) => {
    const { [side]: program } = pair;
    const events = program.all('event').map(({ at, event, cause, type }) => {
      const about = type === undefined ? cause : `${type}: ${cause}`;
      return [at, `the ${side} tells \`${event}\` (${about})`] as const;
    });
    const replies = program
      .all('settled')
      .filter(({ type }) => type !== 'note')
      .map(
        ({ at, error }) => [at, error === null ? 'the reply is there' : `no reply: \`${error}\``] as const,
      );
    const end = program.exit;
    return [...events, ...replies, ...(end ? [[end.at, `the ${side} ends (${end.how})`] as const] : [])];
  });

/** Which grades of the worker the hub told nothing of. */
function without({ pair: { hub }, case: { type } }: Course): string[] {
  const grades = type === 'compute' ? ['stalled', 'suspect', 'lost'] : ['suspect', 'lost'];
  const none = grades.filter((grade) => !hub.all('event').some(({ event }) => event === grade));
  return none.length > 0 ? [none.map((grade) => `no \`${grade}\``).join(', ')] : [];
}

function brokenIn({ pair, case: one, began, noted }: Course): string[] {
  const where = `a handler on the ${one.on} (${one.type})`;
  const broken = sides.flatMap((side) => {
    const { [side]: program } = pair;
    const bad = program.all('event').filter(({ event }) => verdicts.includes(event));
    return [
      ...bad.map(({ event, cause }) => `the ${side} told '${event}' (${cause})`),
      ...(program.exit ? [`the ${side} ended (${program.exit.how})`] : []),
    ];
  });
  if (pair.hub.all('event').filter(({ event }) => event === 'joined').length !== 1)
    broken.push('the worker joined again');
  for (const type of [one.type, 'note']) {
    const settled = [pair.hub, pair.worker]
      .flatMap((program) => program.all('settled'))
      .find((told) => told.type === type);
    if (settled?.error !== null) broken.push(`'${type}' ended with ${settled?.error ?? 'nothing'}`);
  }
  const stalled = pair.hub.all('event').find(({ event }) => event === 'stalled');
  if (one.type === 'compute' && !`${stalled?.type} ${stalled?.cause}`.includes(one.type))
    broken.push("no 'stalled' that names it");
  if (one.type === 'wait' && !(noted !== undefined && noted - began < noteAfterMs + 1_000))
    broken.push('a small message waited behind it');
  return broken.map((what) => `${where}: ${what}`);
}
