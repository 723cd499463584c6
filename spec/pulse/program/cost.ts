// What a beating thread costs, beside an empty one and one with the whole of grpc-js:
//   node build/spec/pulse/program/cost.js [runs]
// Each run is a process of its own. Time (the fastest run): from the start of the thread to its first word, and for the
// pulse to its first beat at a hub in another process. Memory (the middle): RSS of the process after that, less before.
// CPU: that of the whole process over 2 s, while it beats each second.
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { ThreadPulse } from '../../../lib/pulse/thread-pulse.js';
import { FalseHub } from '../false-hub.js';

const [, file = '', first = '5'] = process.argv;
const grpc = import.meta.resolve('@grpc/grpc-js');
const says = `import { parentPort } from 'node:worker_threads'; parentPort.postMessage(1); setInterval(() => {}, 1e6);`;
const kinds = {
  empty: says,
  http2: `import 'node:http2'; ${says}`,
  'grpc-js': `import ${JSON.stringify(grpc)}; ${says}`,
  pulse: undefined,
} as const;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const cpuMs = () => process.cpuUsage().user / 1e3 + process.cpuUsage().system / 1e3;

async function beating(): Promise<() => Promise<void>> {
  const hub = fork(file, ['hub'], { execArgv: [] });
  const [address] = await once(hub, 'message');
  await sleep(300);
  begin();
  const member = new ThreadPulse().join({
    load: () => ({ inFlight: 0, queued: 0, handled: 0, oldestMs: 0 }),
    oldest: () => [],
    began() {},
    lost: (cause) => console.error(cause),
    redial() {},
  });
  member.beat({
    address,
    worker: 'w1',
    epoch: '1',
    token: 'secret',
    intervalMs: 1_000,
    lostAfterMs: 10_000,
    reconnect: { initialMs: 50, maxMs: 1_000 },
  });
  await once(hub, 'message');
  return async () => {
    member.leave();
    hub.kill();
  };
}

async function running(code: string): Promise<() => Promise<void>> {
  await sleep(300);
  begin();
  const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { execArgv: [] });
  await new Promise((resolve, reject) => thread.on('message', resolve).on('error', reject));
  return async () => void (await thread.terminate());
}

let since = 0;
let rss = 0;
function begin(): void {
  global.gc?.();
  rss = process.memoryUsage.rss();
  since = performance.now();
}

if (first === 'hub') {
  const hub = await FalseHub.listen();
  process.send?.(hub.address);
  await hub.pulse();
  process.send?.('beats');
} else if (first in kinds) {
  const code = kinds[first as keyof typeof kinds];
  const end = await (code === undefined ? beating() : running(code));
  const ms = performance.now() - since;
  await sleep(500);
  const bytes = process.memoryUsage.rss() - rss;
  const before = cpuMs();
  await sleep(2_000);
  console.log(JSON.stringify({ ms, mb: bytes / 1e6, cpu: (cpuMs() - before) / 20 }));
  await end();
} else {
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
  console.log('| thread | ms to first sign | MB of RSS | % of a core |\n| --- | --- | --- | --- |');
  for (const kind of Object.keys(kinds)) {
    const runs = Array.from({ length: Number(first) }, () => {
      const { stdout } = spawnSync(process.execPath, ['--expose-gc', file, kind], { encoding: 'utf8' });
      return JSON.parse(stdout) as { ms: number; mb: number; cpu: number };
    });
    const ms = Math.min(...runs.map((run) => run.ms));
    const [mb, cpu] = (['mb', 'cpu'] as const).map((key) => middle(runs.map((run) => run[key])));
    console.log(`| ${kind} | ${ms.toFixed(0)} | ${mb?.toFixed(1)} | ${cpu?.toFixed(2)} |`);
  }
}
