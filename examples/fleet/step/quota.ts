import type { Ending } from '../report.js';
import { crew, guest, plans, quotaRequests } from '../setting.js';
import type { Stage } from '../stage.js';
import { figure } from '../text.js';

/** A guest may send little, the crew as much as it likes: all do the same at the same time. */
export async function quota({ director, ledger, books, say }: Stage): Promise<void> {
  say(`A guest joins; it and each of the crew send ${quotaRequests} requests to the hub`);
  await director.startWorker(guest);
  const endingsOf = async (id: string) =>
    (await director.worker(id).ask('call', { calls: quotaRequests, ms: 0 })).endings;
  const [ofGuest, ofCrew] = await Promise.all([
    endingsOf(guest.id),
    Promise.all(crew.map(({ id }) => endingsOf(id))).then((each) => each.flat()),
  ]);
  const answered = count(ofGuest, isAnswer);
  const refused = count(ofGuest, isOverflow);
  const crewAnswered = count(ofCrew, isAnswer);
  books.add('handled', answered + crewAnswered);
  books.add('over the quota', count([...ofGuest, ...ofCrew], isOverflow));

  const total = crew.length * quotaRequests;
  ledger.note(
    'limited',
    answered === plans.guest && refused === quotaRequests - plans.guest && crewAnswered === total,
    `of ${quotaRequests} of the guest ${answered} answered and ${refused} refused as a retryable overflow; ` +
      `of ${figure(total)} of the crew ${figure(crewAnswered)} answered`,
  );
}

const isAnswer = ({ code }: Ending): boolean => code === 'answered';
const isOverflow = ({ code, retryable }: Ending): boolean => code === 'overflow' && retryable;
const count = (endings: readonly Ending[], is: (ending: Ending) => boolean): number =>
  endings.filter(is).length;
