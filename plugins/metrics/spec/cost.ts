// What the plugin adds to a message, in nanoseconds: the median of interleaved rounds, with it and without. And how long
// a scrape of some hundred series takes.
import type { Context, HandlerFunction, SendContext, SendFunction } from 'drumline/plugin';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { metrics } from '../lib/index.js';
import { Measured } from './measured.js';

const rounds = 15;
const calls = 100_000;

const [interceptor] = metrics({ listen: false }).contributes?.interceptors ?? [];
if (typeof interceptor !== 'object' || !interceptor.handler || !interceptor.send)
  throw new Error('there is no interceptor');

const message = { payload: 1, type: 'job', id: '1', headers: {} };
const context = { signal: new AbortController().signal } as Context;
const calling = (verb: SendContext['verb']) =>
  ({ verb, target: 'hub', options: {} }) as unknown as SendContext;
const published = { queued: 1, dropped: 0 };

const atOnce: HandlerFunction = () => 1;
const promised: HandlerFunction = async () => 1;
const publish: SendFunction = () => published;
const request: SendFunction = async () => 1;
const publishing = calling('publish');
const requesting = calling('request');

/** What the plugin counts of a handler, with the metrics that prom-client has. */
function countedByPromClient(next: HandlerFunction): HandlerFunction {
  const common = { help: 'x', labelNames: ['type'], registers: [new Registry()] };
  const running = new Gauge({ name: 'running', ...common });
  const seconds = new Histogram({ name: 'seconds', ...common });
  const handled = new Counter({ name: 'handled', ...common, labelNames: ['type', 'outcome'] });
  return (message, context) => {
    const { type } = message;
    const began = performance.now();
    running.inc({ type });
    const result = next(message, context);
    running.dec({ type });
    seconds.observe({ type }, (performance.now() - began) / 1000);
    handled.inc({ type, outcome: 'ok' });
    return result;
  };
}

const cases: Record<string, readonly [plain: () => unknown, measured: () => unknown]> = {
  'a handler that answers at once': around(interceptor.handler(atOnce), atOnce, context),
  'the same, counted by prom-client': around(countedByPromClient(atOnce), atOnce, context),
  'a handler that gives a promise': around(interceptor.handler(promised), promised, context),
  publish: around(interceptor.send(publish), publish, publishing),
  request: around(interceptor.send(request), request, requesting),
};

function around<C>(
  measured: (given: typeof message, context: C) => unknown,
  plain: (given: typeof message, context: C) => unknown,
  given: C,
): readonly [() => unknown, () => unknown] {
  return [() => plain(message, given), () => measured(message, given)];
}

/** Nanoseconds per call; promises are awaited, 100 at a time. */
async function time(call: () => unknown): Promise<number> {
  const began = process.hrtime.bigint();
  for (let done = 0; done < calls; done += 100) {
    let last: unknown;
    for (let n = 0; n < 100; n++) last = call();
    if (last instanceof Promise) await last;
  }
  return Number(process.hrtime.bigint() - began) / calls;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

for (const [what, [plain, measured]] of Object.entries(cases)) {
  const without: number[] = [];
  const withIt: number[] = [];
  for (let round = 0; round < rounds; round++) {
    without.push(await time(plain));
    withIt.push(await time(measured));
  }
  console.log(`${what}: ${Math.round(median(withIt) - median(without))} ns more per message`);
}

const measured = new Measured();
await measured.start();
for (let n = 0; n < 20; n++) {
  measured.handler(atOnce, `job.${n}`)();
  await measured.send('request', request, `job.${n}`);
}
const scrapes: number[] = [];
let series = 0;
for (let round = 0; round < 50; round++) {
  const began = performance.now();
  const text = await measured.text();
  scrapes.push(performance.now() - began);
  series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
}
console.log(`a scrape of ${series} series: ${median(scrapes).toFixed(1)} ms`);
