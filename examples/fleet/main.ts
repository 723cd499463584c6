import { Books } from './books.js';
import { Director } from './director.js';
import { Ledger, lineOf } from './ledger.js';
import { freePort } from './port.js';
import { promises } from './promises.js';
import { plainScreen, terminalScreen } from './screen.js';
import { beat, deadlineMs } from './setting.js';
import { admission, greetings } from './step/admission.js';
import { audit, judgeMetrics } from './step/audit.js';
import { death } from './step/death.js';
import { leave } from './step/leave.js';
import { quota } from './step/quota.js';
import { refusal } from './step/refusal.js';
import { render } from './step/render.js';
import { restart } from './step/restart.js';
import { closeSums, hubSum } from './step/sums.js';
import { work } from './step/work.js';
import { figure, sleep, textOf } from './text.js';

const done = new AbortController();
const screen = process.stdout.isTTY ? terminalScreen(process.stdout) : plainScreen(process.stdout);
const director = new Director(screen, `127.0.0.1:${await freePort()}`);
/** What happens because everything was ended is no news. */
const tell = (text: string) => {
  if (!done.signal.aborted) screen.say(text);
};
const ledger = new Ledger(promises, (finding) => tell(lineOf(finding)));
const begin = performance.now();
const say = (text: string) =>
  tell(`${((performance.now() - begin) / 1000).toFixed(1).padStart(4)} s ${text}`);

/** Whatever ends this process: no child stays, and the terminal is as it was. */
process.once('exit', () => {
  screen.close();
  director.killAll();
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  process.once(signal, () => {
    screen.close();
    console.error(`ended by ${signal}`);
    process.exit(code);
  });
// Nobody reads any more: `npm start | head`.
process.stdout.on('error', () => process.exit(1));

/** Rejects when the whole scenario has taken too long, and says what it was waiting for. */
async function deadline(signal: AbortSignal): Promise<void> {
  await sleep(deadlineMs, signal);
  if (signal.aborted) return;
  const pending = director.pending.join(', ') || 'nothing that a process owes';
  throw new Error(`not done within ${figure(deadlineMs)} ms; waited for: ${pending}`);
}

async function scenario(): Promise<void> {
  const stage = { director, ledger, books: new Books(), say };
  say(
    `Beats every ${beat.intervalMs} ms; suspect after ${figure(beat.suspectAfterMs)} ms, lost after ${figure(beat.lostAfterMs)} ms, stalled after ${figure(beat.stalledAfterMs)} ms`,
  );
  await ledger.during(['admitted'], () => admission(stage));
  await ledger.during(['greeting'], () => greetings(stage));
  const rendered = await ledger.during(['blocked'], () => render(stage));
  await work(stage);
  await ledger.during(['found', 'rejected', 'replaced'], () => death(stage));
  await ledger.during(['blocked'], rendered);
  const before = await ledger.during(['metrics'], () => audit(stage));
  const first = await ledger.during(['sums'], () => hubSum(stage));
  await ledger.during(['back', 'survived', 'clinging'], () => restart(stage));
  await ledger.during(['refused'], () => refusal(stage));
  await ledger.during(['limited'], () => quota(stage));
  await ledger.during(['metrics'], async () => judgeMetrics(stage, [before, await audit(stage)]));
  await ledger.during(['sums'], async () => closeSums(stage, [first, await hubSum(stage)]));
  await ledger.during(['ended'], () => leave(stage));
}

let failure: string | undefined;
try {
  await Promise.race([scenario(), deadline(done.signal)]);
} catch (thrown) {
  failure = textOf(thrown);
}
done.abort();
director.killAll();
screen.close();

console.log(`\n${ledger.findings.map(lineOf).join('\n')}\n`);
if (failure !== undefined) console.log(`It ended early: ${failure}`);
console.log(`${ledger.summary}, in ${((performance.now() - begin) / 1000).toFixed(1)} s.`);
process.exitCode = ledger.kept && failure === undefined ? 0 : 1;
