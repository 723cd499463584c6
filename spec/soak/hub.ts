// node hub.js RULE SECONDS: a hub that offers a worker more than it can handle, as fast as the rule allows.
import { createHub } from '../../lib/index.js';
import { outboxCapacity, rules, type Sum } from './rule.js';
import { tell, tellMemory } from './told.js';

const [name = '', seconds = ''] = process.argv.slice(2);
const rule = rules.find((one) => one.name === name);
if (rule === undefined) throw new Error(`no rule '${name}'`);
const { offer, producers } = rule;

const payloadBytes = 1_024;
const offersATurn = 256;
const sum: Sum = { offered: 0, taken: 0, dropped: 0, rejected: 0, failed: 0 };
const verdicts: string[] = [];
const turn = () => new Promise((resolve) => setImmediate(resolve));

const hub = createHub({ outbox: { capacity: outboxCapacity } });
hub.events$.subscribe(({ kind }) => {
  if (kind !== 'joined' && kind !== 'degraded' && kind !== 'left') verdicts.push(kind);
});
tell({ kind: 'ready', address: await hub.start() });
await hub.waitFor(1, { timeoutMs: 10_000 });
tellMemory();

function payload(): Uint8Array {
  const bytes = new Uint8Array(payloadBytes);
  new DataView(bytes.buffer).setUint32(0, sum.offered);
  sum.offered += 1;
  return bytes;
}

const until = performance.now() + Number(seconds) * 1_000;

async function waiting(): Promise<void> {
  while (performance.now() < until) await offer(hub, payload(), sum);
}

async function unwaiting(): Promise<void> {
  while (performance.now() < until) {
    for (let offers = 0; offers < offersATurn; offers++) void offer(hub, payload(), sum);
    await turn();
  }
}

if (producers === undefined) await unwaiting();
else await Promise.all(Array.from({ length: producers }, waiting));
const worstBeatMs = Math.round(hub.stats().beats.worstMs);
const left = ({ queued, unacknowledged } = hub.stats().outbox) => queued + unacknowledged;
const patience = performance.now() + 30_000;
while (left() > 0 && performance.now() < patience) await turn();
tell({ kind: 'offered', sum, verdicts, worstBeatMs });
