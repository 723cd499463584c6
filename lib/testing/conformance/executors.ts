import { BusError, textOf } from '../../errors/bus-error.js';
import { handler } from '../../handler/registration.js';
import type { Role } from '../../plugin/manifest.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import { Stage } from './stage.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

/** Each executor of the plugin, with handlers of a module of the kit's. */
export const executorCases = (subject: Subject, role: Role): readonly ConformanceCase[] =>
  (subject.contributes.executors ?? []).flatMap(({ run }) => {
    const of = (what: string, body: (trial: Trial, stage: Stage) => Promise<void>) =>
      caseOf(subject, `as a ${role}: executor '${run}' ${what}`, async (trial) => {
        const names = ['double', 'fail', 'compute'];
        const module = new URL('./module.js', import.meta.url);
        const handlers = names.map((name) => handler(typeOf(name), { module, export: name }, { run }));
        await body(trial, await Stage.of(trial, role, { handlers }));
      });
    return [
      of('gives what a module gives, and tells what it throws', answers),
      of('leaves the event loop alone', leavesTheLoop),
      of('lets go when a message is cancelled', letsGo),
    ];
  });

const typeOf = (name: string): string => `conformance.module.${name}`;

async function answers(trial: Trial, { inward }: Stage): Promise<void> {
  const options = { timeoutMs: trial.stepMs };
  const doubled = await inward.request(typeOf('double'), 21, options).catch((thrown) => textOf(thrown));
  if (doubled !== 42) trial.blame(`has an executor that gives ${String(doubled)} for a module that gives 42`);
  const failed: unknown = await inward.request(typeOf('fail'), 0, options).catch((thrown) => thrown);
  if (!BusError.is(failed, 'handler-failed') || !failed.message.includes('on purpose'))
    trial.blame(`has an executor that makes ${textOf(failed)} of what a module throws: throw the same text`);
}

async function leavesTheLoop(trial: Trial, { inward }: Stage): Promise<void> {
  const { clock, stepMs } = trial;
  const since = clock.now();
  let turns = 0;
  let computing = true;
  const call = inward.request(typeOf('compute'), stepMs / 4, { timeoutMs: stepMs });
  const ended = call.finally(() => {
    computing = false;
  });
  const count = async () => {
    for (; computing && clock.now() - since < stepMs; turns++) await trial.sleep(stepMs / 100);
  };
  await Promise.all([ended, count()]);
  if (turns < 4)
    trial.fail('has an executor that computes on the event loop: run it in a thread or a process');
}

async function letsGo(trial: Trial, stage: Stage): Promise<void> {
  const controller = new AbortController();
  const options = { signal: controller.signal, timeoutMs: trial.settleMs };
  const call = stage.inward.request(typeOf('compute'), 2 * trial.subject.limitMs, options);
  call.catch(() => {});
  await trial.sleep(trial.stepMs / 10);
  controller.abort();
  if (!(await stage.drained(trial.stepMs)))
    trial.fail(
      'has an executor that goes on after context.signal has fired: end the thread, or leave the result',
    );
}
