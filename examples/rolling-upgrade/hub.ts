// node hub.js ADDRESS VERSION
import { adjacentMinor, versionPolicy } from '@drumline/version-policy';
import { any, createHub, handler } from 'drumline';
import { Calls } from './calls.js';
import { leave, obey } from './child.js';
import { Double, Halve, Job } from './contract.js';
import { beat, ids, quiet } from './setting.js';

const [listen = '', version = ''] = process.argv.slice(2);

const hub = createHub({
  listen,
  version,
  beat,
  log: quiet,
  plugins: [versionPolicy(adjacentMinor({ older: 1, newer: 0 }))],
  handlers: [handler(Halve, ({ payload }) => payload / 2)],
});
const calls = new Calls();
const accepted: number[] = [];

/** Jobs of this hub; the next hub's have other numbers. */
const first = Date.now();

const commands = {
  listen: () => hub.start(),
  complete: () => hub.waitFor(ids.length, { timeoutMs: 15_000 }),
  census: () => hub.census(),
  work() {
    for (let loop = 0; loop < 4; loop++) {
      calls.repeat(async (n) => {
        if ((await hub.request(any(), Double, n)) !== 2 * n) throw new Error(`a wrong answer to ${n}`);
      });
      calls.repeat(async (n) => {
        await hub.send(any(), Job, first + n);
        accepted.push(first + n);
      });
    }
  },
  rest: () => calls.stop(),
  async drain() {
    await calls.stop();
    await hub.drain({ deadlineMs: 5_000 });
    return { ...calls.tally, accepted };
  },
  leave,
};
export type HubEnd = Awaited<ReturnType<typeof commands.drain>>;
obey(commands);
