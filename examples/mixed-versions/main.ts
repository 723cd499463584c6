// One hub of 2.32.0 and workers of whatever version they are. The same and the minor before may join, and so may those
// whose version cannot be read. A stricter policy is tried out at the same time: it reports, and refuses nobody.
import { adjacentMinor, exact, firstOf, shadow, unreadable, versionPolicy } from '@drumline/version-policy';
import { BusError, createHub, createWorker, handler, type Worker } from 'drumline';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Who asks to be let in, and what must become of it: `degraded` is let in, and says what was overlooked. */
const applicants = [
  { id: 'same', version: '2.32.0', fate: 'in' },
  { id: 'older', version: '2.31.6', fate: 'degraded' },
  { id: 'candidate', version: '2.32.1-rc.1', fate: 'degraded' },
  { id: 'ancient', version: '2.3.0', fate: 'refused' },
  { id: 'newer', version: '2.33.0', fate: 'refused' },
  { id: 'nameless', version: undefined, fate: 'degraded' },
  { id: 'odd', version: 'nightly', fate: 'degraded' },
] as const;

const tried: string[] = [];
const strict = shadow(exact(), ({ greeting: { id }, verdict: { verdict } }) => {
  if (verdict === 'object') tried.push(`${id}`);
});
const hub = createHub({
  listen: '127.0.0.1:0',
  version: '2.32.0',
  log: quiet,
  plugins: [versionPolicy(firstOf(strict, exact(), adjacentMinor({ older: 1, newer: 0 }), unreadable()))],
});
const address = await hub.start();

const workers: Worker[] = [];
const broken: string[] = [];
for (const { id, version, fate } of applicants) {
  const worker = createWorker({
    hub: address,
    id,
    log: quiet,
    handlers: [handler('whoami', () => id)],
    ...(version === undefined ? {} : { version }),
  });
  workers.push(worker);
  const { became, why } = await worker.start({ timeoutMs: 5_000 }).then(
    ({ degraded, reasons }) => ({ became: degraded ? 'degraded' : 'in', why: reasons }),
    (error) => ({ became: 'refused', why: [BusError.is(error) ? error.message : String(error)] }),
  );
  console.log(`${id.padEnd(10)} ${(version ?? '(none)').padEnd(12)} ${became}`);
  for (const reason of why) console.log(`           ${reason}`);
  if (became !== fate) broken.push(`${id} should be ${fate}, and is ${became}`);
  if (became !== 'refused' && (await hub.request(id, 'whoami', null)) !== id)
    broken.push(`${id} is not served`);
}

const { total, versions, degraded } = hub.census();
console.log(`\nThe fleet of hub ${hub.census().hub}: ${total} of ${applicants.length} that asked`);
for (const { version, workers } of versions)
  console.log(`  ${(version ?? '(none)').padEnd(12)} ${workers.join(', ')}`);
console.log(`  degraded: ${degraded.map(({ worker }) => worker).join(', ')}`);
console.log(`\nexact() alone would have refused ${tried.join(', ')}`);

const letIn = applicants.filter(({ fate }) => fate !== 'refused').length;
if (total !== letIn) broken.push(`${letIn} should be in, and ${total} are`);
const strangers = applicants.filter(({ id }) => id !== 'same').map(({ id }) => id);
if (tried.join() !== strangers.join()) broken.push(`the shadow should have named ${strangers.join(', ')}`);
console.log(broken.length === 0 ? 'All as it should be.' : `Broken: ${broken.join('; ')}`);

for (const worker of workers) await worker.close();
await hub.close();
process.exitCode = broken.length === 0 ? 0 : 1;
