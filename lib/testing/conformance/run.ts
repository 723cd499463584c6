import { BusError, textOf } from '../../errors/bus-error.js';
import type { ConformanceCase } from './option.js';
import type { Subject } from './subject.js';
import { Trial } from './trial.js';

const kinds = ['unhandledRejection', 'uncaughtException'] as const;

/** Keeps the process alive while a case runs, and notes what was thrown past everybody. */
function caught(): { readonly errors: string[]; release(): void } {
  const errors: string[] = [];
  const ends = kinds.map((kind) => {
    const others = process.rawListeners(kind) as ((...values: unknown[]) => void)[];
    const note = (thrown: unknown) =>
      void errors.push(
        `${kind === 'uncaughtException' ? 'throws' : 'rejects'} past everybody: ${textOf(thrown)}`,
      );
    process.removeAllListeners(kind);
    process.on(kind, note);
    return () => {
      process.off(kind, note);
      for (const other of others) process.on(kind, other);
    };
  });
  return {
    errors,
    release() {
      for (const end of ends) end();
    },
  };
}

/** Cases look at the whole process, so they wait for each other. */
let last: Promise<unknown> = Promise.resolve();

/** A case: its body under its limit, everything that it began ended, and all that was found in one error. */
export function caseOf(
  subject: Subject,
  name: string,
  body: (trial: Trial) => Promise<void>,
): ConformanceCase {
  return {
    name,
    run() {
      const running = last.then(() => once(subject, name, body));
      last = running.catch(() => {});
      return running;
    },
  };
}

async function once(subject: Subject, name: string, body: (trial: Trial) => Promise<void>): Promise<void> {
  const trial = new Trial(subject, name);
  const turn = () => new Promise<void>(trial.clock.soon);
  const guard = caught();
  let failure: unknown;
  try {
    const late = `has not got through this case within ${subject.limitMs} ms: ${name}`;
    await trial.within(
      subject.limitMs,
      late,
      turn().then(() => body(trial)),
    );
  } catch (thrown) {
    failure = thrown;
  }
  await trial.end();
  await turn();
  await turn();
  guard.release();
  const advice = 'catch what its promises and timers may fail with';
  for (const error of guard.errors) trial.blame(`${error}: ${advice}`);
  const { problems } = trial;
  if (failure === undefined && problems.length === 0) return;
  if (problems.length === 0 && isVerdict(failure)) throw failure;
  const told =
    failure === undefined || says(failure, problems) ? [] : [`does not get through: ${textOf(failure)}`];
  throw subject.error([...problems, ...told], name, failure);
}

/** Whether it is a verdict of the kit already. */
const isVerdict = (thrown: unknown): boolean =>
  BusError.is(thrown) && typeof thrown.details.rule === 'string';

/** Whether an error says what is among the problems anyway: a step that is late also fails a start. */
const says = (thrown: unknown, problems: readonly string[]): boolean =>
  BusError.is(thrown) && problems.some((problem) => thrown.message.includes(problem));
