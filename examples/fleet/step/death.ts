import { inWords, lostWithPeer } from '../endings.js';
import { crew, foundWithinMs, mortal } from '../setting.js';
import type { Stage } from '../stage.js';
import { figure } from '../text.js';

const inFlight = 4;
/** Longer than everything else: only the death can end it. */
const callMs = 120_000;
/** A process that starts on a busy machine, and joins. */
const servedWithinMs = 10_000;

/** A worker dies without a word, and another process takes its place. */
export async function death({ director, ledger, books, say }: Stage): Promise<void> {
  say(`${mortal} is told to kill itself while ${inFlight} requests to it are in flight`);
  const recruit = crew.find(({ id }) => id === mortal);
  if (recruit === undefined) throw new Error(`${mortal} is not in the crew`);
  const old = director.worker(mortal);
  const doomed = director.hub.ask('doom', { id: mortal, calls: inFlight, ms: callMs });
  // Whichever fails first is told; a death that does not come is the deadline's to find.
  const { signal } = await Promise.race([old.exited, doomed.then(() => old.exited)]);
  const diedAt = Date.now();
  say(`       ${mortal} (${old.pid}) is dead: ${signal}`);

  const { endings, at: endedAt } = await doomed;
  const ms = endedAt - diedAt;
  books.add('lost', 1);
  books.add('rejected', endings.filter(({ code }) => code === 'peer-lost').length);
  const { liveness, transitions } = await director.hub.ask('explain', { id: mortal });
  ledger.note(
    'found',
    signal === 'SIGKILL' && liveness === 'lost' && ms <= foundWithinMs,
    `${liveness} ${figure(ms)} ms after its process had ended (at most ${figure(foundWithinMs)}): ` +
      transitions
        .slice(-2)
        .map(({ to, cause }) => `${to} (${cause})`)
        .join(', then '),
  );
  ledger.note(
    'rejected',
    endings.length === inFlight && lostWithPeer(endings),
    `${endings.length} endings of ${inFlight} requests, each ${inWords(endings)}`,
  );

  const startedAt = performance.now();
  const served = director.expect(
    ({ from, pid, told }) => from === mortal && pid !== old.pid && told.tell === 'served',
  );
  await director.startWorker(recruit);
  const { at } = await served;
  const { pid } = await director.hub.ask('who', { id: mortal });
  ledger.note(
    'replaced',
    pid !== old.pid && pid === director.worker(mortal).pid && at - startedAt <= servedWithinMs,
    `process ${pid} instead of ${old.pid}, served ${figure(at - startedAt)} ms after it was started`,
  );
}
