import type { Role } from '../../plugin/manifest.js';
import { type Answer, answerTo } from './answer.js';
import { garbage } from './garbage.js';
import { types } from './kit.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import { Stage } from './stage.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

/** Each handler of the plugin, in one role: with samples, with garbage, and cancelled. */
export const handlerCases = (subject: Subject, role: Role): readonly ConformanceCase[] =>
  subject.types.flatMap((type) => {
    const samples = subject.samples(type);
    const named = `as a ${role}: handler '${type}'`;
    const note = samples.length > 0 ? '' : ' (no sample in options.messages: garbage alone)';
    return [
      ...(samples.length > 0
        ? [caseOf(subject, `${named} answers its samples`, (trial) => answersSamples(trial, role, type))]
        : []),
      caseOf(subject, `${named} answers garbage with a value or a fault${note}`, (trial) =>
        bearsGarbage(trial, role, type),
      ),
      caseOf(subject, `${named} settles when it is cancelled${note}`, (trial) =>
        settles(trial, role, type, samples.length > 0 ? samples : [undefined, null, {}]),
      ),
    ];
  });

/** What a handler must never answer a valid payload with, and why it may have. */
const wrong: Readonly<Record<string, string>> = {
  plugin: 'an interceptor or the plugin itself broke',
  unserialisable: 'reply with plain data: no cycles, functions or BigInt',
  'invalid-payload': 'give the kit a sample that fits its contract',
  unhandled: 'it is not registered',
};

async function answersSamples(trial: Trial, role: Role, type: string): Promise<void> {
  const stage = await Stage.of(trial, role);
  for (const sample of trial.subject.samples(type)) {
    const answer = await answerTo(trial, stage.inward, type, sample, trial.stepMs);
    inTime(trial, stage, type, 'a sample', answer);
    const { end } = answer;
    const advice = typeof end === 'string' ? undefined : wrong[end.code];
    if (typeof end !== 'string' && advice)
      trial.blame(`answers a sample of '${type}' with ${end.code}: ${end.message}: ${advice}`);
  }
}

async function bearsGarbage(trial: Trial, role: Role, type: string): Promise<void> {
  const stage = await Stage.of(trial, role);
  const { inward } = stage;
  await Promise.all(
    garbage.map(async ([name, payload]) => {
      const answer = await answerTo(trial, inward, type, payload, trial.stepMs);
      inTime(trial, stage, type, name, answer);
      const { end } = answer;
      if (typeof end !== 'string' && (end.code === 'plugin' || end.code === 'unserialisable'))
        trial.blame(`answers ${name} sent to '${type}' with ${end.code}: ${end.message}: ${wrong[end.code]}`);
    }),
  );
  await stillServes(trial, stage, type);
}

/** Afterwards both are there, and others are served. */
async function stillServes(trial: Trial, stage: Stage, type: string): Promise<void> {
  const gone = stage.events.find(({ kind }) => ['lost', 'suspect', 'disconnected'].includes(kind));
  if (gone) trial.blame(`cost a worker its link by garbage for '${type}': ${gone.cause}`);
  const answer = await answerTo(trial, stage.inward, types.echo, { mark: 'after' }, trial.stepMs);
  if (answer.end === 'open') trial.blame(`holds up the messages of others after garbage for '${type}'`);
  if (Object.hasOwn(Object.prototype, 'polluted')) {
    delete (Object.prototype as { polluted?: unknown }).polluted;
    trial.blame(`lets a payload of '${type}' change Object.prototype: never merge keys that it names`);
  }
}

/** Whether it gave its answer in time; a stream may stay open. */
function inTime(trial: Trial, stage: Stage, type: string, what: string, { end, items }: Answer): void {
  if (end !== 'open' || items.length > 0 || stage.kit.seenOf(type).streams) return;
  trial.blame(
    `has not answered ${what} sent to '${type}' within ${trial.stepMs} ms: reply, throw, or set timeoutMs`,
  );
}

async function settles(trial: Trial, role: Role, type: string, payloads: readonly unknown[]): Promise<void> {
  const stage = await Stage.of(trial, role);
  const waits = [0, 5, 25];
  const calls = waits.flatMap((ms) =>
    payloads.map((payload) => answerTo(trial, stage.inward, type, payload, ms)),
  );
  await Promise.all(calls);
  if (!(await stage.drained(trial.settleMs)))
    trial.fail(
      `does not heed context.signal in the handler of '${type}': it still runs ${trial.settleMs} ms after it was ` +
        'cancelled; pass the signal on, or end when it fires',
    );
}
