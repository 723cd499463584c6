// A hub has 400 jobs for six worker processes. Three of them are killed while they work, and replaced. Nobody keeps a list of
// what the dead had in hand: a request to any() goes to another worker by itself, and the ledger closes.
import { createHub, handler } from 'drumline';
import { Begun } from './contract.js';
import { Crew } from './crew.js';
import { Ledger } from './ledger.js';
import { Queue } from './queue.js';
import { elapsed, judged, say } from './story.js';

const jobs = Array.from({ length: 400 }, (_, job) => ({ job, ms: 30 + ((job * 37) % 60) }));
const ids = ['w1', 'w2', 'w3', 'w4', 'w5', 'w6'];
/** Who is killed, and after how many jobs. */
const kills = [
  ['w2', 80],
  ['w5', 160],
  ['w3', 240],
] as const;
/** For the jobs, once six workers are there, in milliseconds. */
const deadlineMs = 20_000;

const ledger = new Ledger();
const hub = createHub({
  beat: { intervalMs: 200, suspectAfterMs: 1_000, lostAfterMs: 3_000 },
  handlers: [handler(Begun, ({ payload: { job, pid } }) => ledger.begin(job, pid))],
});
const crew = new Crew(await hub.start());
process.once('exit', () => crew.killAll());

let lost = 0;
const tell = (text: string) => say(ledger.done, jobs.length, text);
hub.events$.subscribe(({ kind, worker, cause }) => {
  if (kind === 'lost') {
    lost += 1;
    tell(`${worker} is lost (${cause}); what it had in hand goes to others`);
  }
  if (kind === 'joined' && ledger.done > 0) tell(`${worker} is there again, as another process`);
});

for (const id of ids) crew.start(id);
await hub.waitFor(ids.length, { timeoutMs: 30_000 });
setTimeout(() => {
  console.error(`not done within ${deadlineMs} ms: ${ledger.done} of ${jobs.length} jobs are`);
  process.exit(1);
}, deadlineMs).unref();
tell(`${ids.length} workers are there; ${jobs.length} jobs wait`);

const waiting = [...kills];
const watch = setInterval(() => {
  const [next] = waiting;
  if (next === undefined || ledger.done < next[1]) return;
  waiting.shift();
  tell(`${next[0]} is killed in the middle of its work`);
  crew.replace(next[0]);
}, 10);
await new Queue(hub, ledger, jobs).run(3 * ids.length);
clearInterval(watch);
tell('all jobs are done');

await hub.waitFor(ids.length);
await crew.dismiss();
await hub.close();

const { done, begun, unfinished, again, wrong } = ledger;
console.log('\nattempts  jobs');
for (const [index, count] of ledger.byAttempt.entries())
  console.log(`${`${index + 1}`.padStart(8)}  ${count}`);
console.log();
const kept = judged([
  [
    'each job has one result',
    done === jobs.length && again === 0,
    `${done} of ${jobs.length}, ${again} twice`,
  ],
  ['and the right one', wrong === 0, `${wrong} wrong`],
  ['three workers died', lost === kills.length, `${lost} lost`],
  [
    'the sum closes',
    begun === done + unfinished.length && unfinished.length >= kills.length,
    `${begun} begun = ${done} done + ${unfinished.length} that a process did not live to finish`,
  ],
  [
    'nobody else left work behind',
    unfinished.every((pid) => crew.killed.has(pid)),
    `${unfinished.filter((pid) => !crew.killed.has(pid)).length} of those who lived`,
  ],
]);
console.log(`\n${kept ? 'Every job is accounted for' : 'The sum does not close'}, in ${elapsed()} s.`);
process.exitCode = kept ? 0 : 1;
