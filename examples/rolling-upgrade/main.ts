// Ten workers and their hub, each a process of its own, go from 2.31 to 2.32 while they work: the hub first, then worker
// by worker, each under the id that it had. The hub's census shows every step.
import { running } from './child.js';
import { Director, owed } from './director.js';
import { judged } from './judgement.js';
import { freePort } from './port.js';
import { backWithinMs, deadlineMs, ids, sleep, versions, workMs } from './setting.js';
import { drawn, elapsed, say } from './story.js';

process.once('exit', () => {
  for (const child of running()) child.kill();
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
setTimeout(() => {
  console.error(`not done within ${deadlineMs} ms; waited for ${owed()}`);
  process.exit(1);
}, deadlineMs).unref();

const director = new Director(`127.0.0.1:${await freePort()}`);

say(`A hub and ${ids.length} workers of ${versions.old} start`);
await director.startHub(versions.old);
await Promise.all(ids.map((id) => director.startWorker(id, versions.old)));
await director.complete();
say(drawn(await director.census()));
await director.hub.ask('work');
say('They work: requests and jobs to whoever has room, requests of each worker to the hub');
await sleep(workMs);

say('The hub finishes its work and ends; nobody tells the workers');
await director.retireHub();
await director.startHub(versions.new);
const backMs = await director.complete();
const mixed = await director.census();
say(`${drawn(mixed)}   all back after ${backMs} ms`);
await director.hub.ask('work');

say('Worker by worker: one finishes its work and ends, another takes its id');
let steps = 0;
for (const [replaced, id] of ids.entries()) {
  const next = ids[replaced + 1];
  if (next !== undefined) director.prepare(next, versions.new);
  await director.retireWorker(id);
  await director.startWorker(id, versions.new);
  const census = await director.census();
  say(`${drawn(census)}   ${id}`);
  const upgraded = census.versions.find(({ version }) => version === versions.new)?.workers.length;
  if (census.total === ids.length && upgraded === replaced + 1) steps += 1;
}

const { refused = '' } = await director.startWorker('forgotten', versions.forgotten);
say(`A forgotten one dials: ${refused || 'and is let in'}`);
const { total: inAtLast } = await director.census();

await director.retireAll();
console.log();
const kept = judged(director.ends, { back: mixed.total, backMs, backWithinMs, steps, refused, inAtLast });
console.log(`\n${kept ? 'Every promise was kept' : 'A promise was broken'}, in ${elapsed()} s.`);
process.exitCode = kept ? 0 : 1;
