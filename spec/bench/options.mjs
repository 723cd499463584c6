import { parseArgs } from 'node:util';
import { cases, sizes } from './cases.mjs';
import { contestants } from './contestants.mjs';

const usage = `npm run bench -- [options]
  --only one-way,request      cases whose name contains one of these
  --size 32,256,1024          sizes of a payload in bytes
  --against floor,plain       whom to compare drumline with; 'none' for nobody
  --rounds 5                  measured rounds, at least 5
  --seconds 1                 length of one measurement
  --flags=--max-semi-space-size=1     for Node.js, in every process of every contestant
  --quick                     one short round of each case at 256 bytes: shows that it works, measures little`;

const list = (/** @type {string | undefined} */ text) => text?.split(',').map((part) => part.trim());

function refuse(/** @type {string} */ why) {
  console.error(`${why}\n\n${usage}`);
  process.exit(2);
}

function parse() {
  const text = /** @type {const} */ ({ type: 'string' });
  const options = { only: text, size: text, against: text, rounds: text, seconds: text, flags: text };
  try {
    return parseArgs({ options: { ...options, quick: { type: 'boolean' }, help: { type: 'boolean' } } })
      .values;
  } catch (error) {
    return refuse(error.message);
  }
}

/** What to run, from the command line. Ends the process on a wrong option. */
export function readOptions() {
  const given = parse();
  if (given.help) {
    console.log(usage);
    process.exit(0);
  }
  const quick = given.quick === true;
  const names = list(given.against) ?? contestants.map(({ name }) => name);
  const unknown = names.find((name) => name !== 'none' && !contestants.some((one) => one.name === name));
  if (unknown !== undefined) refuse(`no contestant is called '${unknown}'`);
  const only = list(given.only);
  const chosen = cases.filter(({ name }) => only?.some((part) => name.includes(part)) ?? true);
  if (chosen.length === 0) refuse(`no case has '${given.only}' in its name`);
  const rounds = quick ? 1 : Number(given.rounds ?? 5);
  if (!quick && !(rounds >= 5)) refuse('a median needs 5 rounds or more');
  const wanted = list(given.size)?.map(Number) ?? (quick ? [256] : sizes);
  if (!wanted.every((size) => Number.isInteger(size) && size >= 8))
    refuse('a size is a whole number from 8 up');
  const seconds = Number(given.seconds ?? (quick ? 0.3 : 1));
  if (!(seconds > 0)) refuse('--seconds is more than 0');
  return {
    quick,
    rounds,
    seconds,
    sizes: wanted,
    cases: chosen,
    contestants: contestants.filter(({ name }) => name === 'drumline' || names.includes(name)),
    flags: given.flags?.split(' ').filter((flag) => flag !== '') ?? [],
  };
}
