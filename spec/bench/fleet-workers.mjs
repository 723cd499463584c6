// Some of the workers of one hub, in a process of their own.
import { answer, now, tell } from './commands.mjs';
import { isPayload, numberOf, payloadsOf } from './payloads.mjs';
import { observing } from './profile/observation.mjs';
import { sabotaged } from './sabotage.mjs';
import { watch } from './stall.mjs';

const { openWorker } = await import(process.argv[2]);
let payloads = payloadsOf(32);
const workers = [];
/** What each worker got, and how to judge it: in its order for one to all, by its bytes alone for one to any. */
let got = [];
let total = 0;
let wanted = Number.POSITIVE_INFINITY;
let ordered = true;
let sum = 0;
let problem;
let done = () => {};

function take(/** @type {number} */ index, /** @type {Uint8Array} */ payload) {
  const n = got[index]++;
  if (ordered && !isPayload(payloads, payload, n)) problem ??= `message ${n} is not what was sent`;
  if (!ordered) {
    const number = numberOf(payloads, payload);
    if (number < 0) problem ??= 'a message is not one that was sent';
    sum += number;
  }
  total++;
  if (total === wanted) done();
}

answer({
  /** Opens workers, `atOnce` at a time; answers once all have joined. */
  async open({ address, first, count, atOnce, size, pulse, sabotage }) {
    payloads = payloadsOf(size);
    got = new Array(count).fill(0);
    const ids = Array.from({ length: count }, (_, n) => n);
    if (sabotage === 'absent' && first === 0) ids.pop();
    const broken = sabotaged((payload) => take(0, payload), sabotage, 64);
    const loop = async () => {
      for (let index = ids.shift(); index !== undefined; index = ids.shift()) {
        const own = index;
        const receive = own === 0 && first === 0 ? broken : (payload) => take(own, payload);
        workers.push(await openWorker(address, `w${first + own}`, { receive, pulse }));
      }
    };
    await Promise.all(Array.from({ length: Math.min(atOnce, count) }, loop));
  },
  /** Answers at once; `received` follows when every worker has had `each` messages, or no more come. */
  expect({ each }) {
    got.fill(0);
    total = 0;
    ordered = true;
    problem = undefined;
    wanted = each * got.length;
    const stop = watch(
      () => total,
      () => tell({ received: true, problem: problem ?? `${total} of ${wanted} messages arrived` }),
    );
    done = () => {
      stop();
      if (got.some((count) => count !== each)) problem ??= 'a worker got more than its part';
      tell({ received: true, at: now(), problem });
    };
  },
  /** For messages to any worker: begins to count them. */
  tally() {
    got.fill(0);
    total = 0;
    sum = 0;
    ordered = false;
    problem = undefined;
    wanted = Number.POSITIVE_INFINITY;
  },
  tallied: () => ({ total, sum, problem, busy: got.filter((count) => count > 0).length }),
  ...observing(),
  close: () =>
    Promise.race([
      Promise.all(workers.map((worker) => worker.close())),
      new Promise((r) => setTimeout(r, 3000)),
    ]),
});
