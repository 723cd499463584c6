import { parseArgs } from 'node:util';
import { casesFor, sizes } from './cases.mjs';
import { contestants } from './contestants.mjs';

/** The best flags that were found for the floor, and what is run with them unless other flags are asked for. */
const best = '--max-semi-space-size=1';
const withBest = { sizes: [256, 1024], names: ['drumline', 'floor'] };
const quickPeers = ['floor', 'plain', 'tcp', 'nats'];

const usage = `npm run bench -- [options]
  --only one-way,request      cases whose name contains one of these
  --size 32,256,1024,16384    sizes of a payload in bytes, for the cases that have a choice
  --against floor,plain       whom to compare drumline with; 'none' for nobody
  --rounds 5                  measured rounds; fewer than 5 say little
  --seconds 0.5               length of one measurement
  --flags=FLAGS               of Node.js, in every process of every contestant; once more for a second run of each case.
                              Default: none, and then ${best} for drumline and the floor at
                              256 and 1,024 bytes
  --quick                     one short round of each case, at one size and with few workers: shows that it works
  --profile                   where the time of a message goes in both processes, beside the floor: CPU profiles of the
                              cases of throughput, 5,000/s, broadcast and idle workers. Default: at 256 bytes where
                              there is a choice, and without flags
  --tuning                    only: what a user can set, beside the defaults
  --guard                     only: how many bytes one message allocates, against allocation.json; --record writes that
  --break HOW                 drop, swap, damage or absent: breaks every contestant on purpose: the cases have to fail
  --list                      the names of cases and contestants`;

const list = (/** @type {string | undefined} */ text) => text?.split(',').map((part) => part.trim());

/** The same for names of cases, which may hold a comma before a space or in a number. */
const listOfNames = (/** @type {string | undefined} */ text) => text?.split(/,(?!\s|\d{3}\b)/);

function refuse(/** @type {string} */ why) {
  console.error(`${why}\n\n${usage}`);
  process.exit(2);
}

function say(/** @type {string} */ text) {
  console.log(text);
  process.exit(0);
}

function parse() {
  const text = /** @type {const} */ ({ type: 'string' });
  const yes = /** @type {const} */ ({ type: 'boolean' });
  const texts = { only: text, size: text, against: text, rounds: text, seconds: text, break: text };
  const switches = { quick: yes, profile: yes, tuning: yes, guard: yes, record: yes, list: yes, help: yes };
  try {
    return parseArgs({ options: { ...texts, ...switches, flags: { type: 'string', multiple: true } } })
      .values;
  } catch (error) {
    return refuse(error.message);
  }
}

function chooseContestants(/** @type {string[]} */ names) {
  const unknown = names.find((name) => name !== 'none' && !contestants.some((one) => one.name === name));
  if (unknown !== undefined) refuse(`no contestant is called '${unknown}'`);
  return contestants.filter(({ name }) => name === 'drumline' || names.includes(name));
}

function chooseCases(/** @type {string[] | undefined} */ only, { quick, profile }) {
  const chosen = casesFor(quick).filter(({ name }) => only?.some((part) => name.includes(part)) ?? true);
  if (chosen.length === 0) refuse(`no case has '${only}' in its name`);
  if (!profile) return chosen;
  const profiled = chosen.filter(({ profiled }) => profiled !== undefined);
  if (profiled.length === 0) refuse(`--profile does not have '${only}'`);
  return profiled;
}

/** What to run, from the command line. Ends the process on a wrong option. */
export function readOptions() {
  const given = parse();
  if (given.help) say(usage);
  const quick = given.quick === true;
  const profile = given.profile === true;
  if (given.list) say([...casesFor(quick), ...contestants].map(({ name }) => name).join('\n'));
  const rounds = quick ? 1 : Number(given.rounds ?? 5);
  if (!(Number.isInteger(rounds) && rounds >= 1)) refuse('--rounds is a whole number from 1 up');
  const wanted = list(given.size)?.map(Number) ?? (quick || profile ? [256] : undefined);
  if (!(wanted ?? sizes).every((size) => Number.isInteger(size) && size >= 8 && size <= 60_000))
    refuse('a size is a whole number from 8 to 60,000');
  const seconds = Number(given.seconds ?? (quick ? 0.15 : 0.5));
  if (!(seconds > 0)) refuse('--seconds is more than 0');
  const sabotage = given.break;
  if (sabotage !== undefined && !['drop', 'swap', 'damage', 'absent'].includes(sabotage))
    refuse('--break takes drop, swap, damage or absent');
  const plain = given.flags ?? [''];
  const twice = given.flags === undefined && !quick && !profile;
  return {
    quick,
    profile,
    rounds,
    seconds,
    sizes: wanted,
    tuning: given.tuning === true,
    guard: given.guard === true,
    record: given.record === true,
    sabotage,
    cases: chooseCases(listOfNames(given.only), { quick, profile }),
    contestants: chooseContestants(
      list(given.against) ?? (profile ? ['floor'] : quick ? quickPeers : contestants.map(({ name }) => name)),
    ),
    flagSets: [
      ...plain.map((flags) => ({ flags: flags.split(' ').filter((flag) => flag !== '') })),
      ...(twice ? [{ flags: [best], ...withBest }] : []),
    ],
  };
}
