// A team that composes packed plugins of several authors with classes of its own. Installed, not from here.
import { metrics } from '@drumline/metrics';
import { adjacentMinor, firstOf, unreadable, versionPolicy } from '@drumline/version-policy';
import {
  type Context,
  createHub,
  createWorker,
  defineMessage,
  type HandlerMessage,
  type Log,
} from 'drumline';
import { definePlugin, describe, handles, inject, injectable, provider, token } from 'drumline/plugin';
import { METER, type Meter, QuotaUsage, quota } from 'drumline-quota';

const Add = defineMessage<{ a: number; b: number }, number>('add');
const Multiply = defineMessage<{ a: number; b: number }, number>('multiply');
const Calculator = token<{ add(a: number, b: number): number }>('calculator');

@injectable()
class Sums {
  constructor(@inject(Calculator) private readonly calculator: { add(a: number, b: number): number }) {}

  @handles(Add)
  add({ payload }: HandlerMessage<{ a: number; b: number }>, { services }: Context): number {
    const meter: Meter = services.get(METER);
    if (meter.usage().used < 1) throw new Error('the interceptor of the quota did not count');
    return this.calculator.add(payload.a, payload.b);
  }

  // @ts-expect-error the contract gives a number
  @handles(Multiply)
  wrong(): string {
    return '';
  }
}

const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

const sums = definePlugin({
  manifest: {
    name: 'sums',
    version: '1.0.0',
    engines: { drumline: '>=0.1.0' },
    requires: { 'drumline-quota': '^0.1.0' },
  },
  contributes: {
    providers: [provider(Calculator, { value: { add: (a, b) => a + b } })],
    controllers: [Sums],
  },
});

const plugins = [
  versionPolicy(firstOf(adjacentMinor({ older: 1, newer: 0 }), unreadable())),
  metrics({ listen: '127.0.0.1:0' }),
  quota({ plans: { free: 10 }, fallback: 'free' }),
  sums,
];
console.log(
  describe(plugins)
    .map(({ name }) => name)
    .join(' '),
);
const hub = createHub({ version: '2.32.0', plugins });
const worker = createWorker({
  hub: await hub.start(),
  id: 'w1',
  version: '2.31.7',
  labels: { plan: 'free' },
});
await worker.start();
const sum: number = await worker.request(Add, { a: 3, b: 4 });
const { used } = await worker.request(QuotaUsage);
const late = createWorker({ hub: await hub.start(), id: 'w2', version: '2.30.0', log: silent });
const refusal = await late.start().catch((error: Error) => error);
await worker.close();
await late.close();
await hub.close();
if (!(refusal instanceof Error) || !refusal.message.includes('2.30.0')) throw new Error('w2 was let in');
console.log(`3 + 4 is ${sum}, ${used} used`);
