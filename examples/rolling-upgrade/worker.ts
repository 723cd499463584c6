// node worker.js ADDRESS ID VERSION
import { BusError, createWorker, handler } from 'drumline';
import { Calls } from './calls.js';
import { leave, obey } from './child.js';
import { Double, Halve, Job } from './contract.js';
import { quiet, sleep } from './setting.js';

const [hub = '', id = '', version = ''] = process.argv.slice(2);

const calls = new Calls();
const handled: number[] = [];
const worker = createWorker({
  hub,
  id,
  version,
  log: quiet,
  handlers: [
    handler(Double, async ({ payload }) => {
      await sleep(5);
      return payload * 2;
    }),
    handler(Job, async ({ payload }) => {
      await sleep(5);
      handled.push(payload);
    }),
  ],
});

const commands = {
  /** Joins, and works from then on. A refusal is an answer, too. */
  async join(): Promise<{ refused?: string }> {
    try {
      await worker.start({ timeoutMs: 15_000 });
    } catch (thrown) {
      if (BusError.is(thrown, 'handshake-refused')) return { refused: thrown.message };
      throw thrown;
    }
    calls.repeat(async (n) => {
      if ((await worker.request(Halve, 2 * n)) !== n) throw new Error(`a wrong answer to ${n}`);
    });
    return {};
  },
  async drain() {
    await calls.stop();
    await worker.drain({ deadlineMs: 5_000 });
    return { ...calls.tally, handled };
  },
  leave,
};
export type WorkerEnd = Awaited<ReturnType<typeof commands.drain>>;
obey(commands);
