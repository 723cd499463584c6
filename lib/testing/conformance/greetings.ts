import { BusError, textOf } from '../../errors/bus-error.js';
import { isErrorCode } from '../../errors/code.js';
import type { Hello } from '../../frame/frame.js';
import { features, protocolRange } from '../../handshake/profile.js';
import { sdkVersion } from '../../session/option.js';
import { types } from './kit.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import { Stage } from './stage.js';
import { greet, nothing, strangeGreetings } from './stranger.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

/** What the plugin does in the greeting of a worker; on a hub alone. */
export function greetingCases(subject: Subject): readonly ConformanceCase[] {
  const { authenticate, handshake = [] } = subject.contributes;
  if (!subject.roles.includes('hub') || (authenticate === undefined && handshake.length === 0)) return [];
  return [
    caseOf(subject, 'as a hub: answers every strange greeting, and serves the others', strange),
    ...(authenticate
      ? [caseOf(subject, 'as a hub: lets nobody in who says nothing of itself', admitsNobody)]
      : []),
  ];
}

/** A greeting like that of a legitimate worker, under another id. */
async function usual({ subject }: Trial, worker: string): Promise<Hello> {
  const { version = '1.0.0', application, labels = {}, extra = {} } = subject.options.greeting ?? {};
  return {
    kind: 'hello',
    protocolMin: protocolRange.min,
    protocolMax: protocolRange.max,
    sdk: sdkVersion,
    version,
    ...(application === undefined ? {} : { application }),
    worker,
    incarnation: `conformance-${worker}`,
    labels,
    handles: [],
    features,
    requires: [],
    maxPayloadBytes: 2 ** 20,
    credit: { messages: 16, bytes: 2 ** 16 },
    extra: typeof extra === 'function' ? await extra() : extra,
  };
}

function stageOf(trial: Trial): Promise<Stage> {
  return Stage.of(trial, 'hub', { hub: { limits: { handshakeTimeoutMs: trial.stepMs } } });
}

async function strange(trial: Trial): Promise<void> {
  const stage = await stageOf(trial);
  await served(trial, stage, 'before');
  let n = 0;
  for (const [name, hello] of strangeGreetings(await usual(trial, 'conformance-stranger'))) {
    n += 1;
    await answered(
      trial,
      stage,
      name,
      hello.worker === undefined ? hello : { ...hello, worker: `${hello.worker}-${n}` },
    );
    if (trial.problems.length > 0) return;
  }
  await served(trial, stage, 'after');
  await stage.worker.close();
  await stage
    .guest()
    .start({ timeoutMs: trial.stepMs })
    .catch((thrown) => {
      trial.blame(`lets no legitimate worker in after strange greetings: ${textOf(thrown)}`);
    });
}

async function answered(trial: Trial, stage: Stage, name: string, hello: Hello): Promise<void> {
  const { greeting } = trial.subject.options;
  const tls = typeof greeting?.hub === 'object' ? greeting.hub.tls : undefined;
  const before = stage.events.length;
  const late = `gives no answer to a greeting with ${name} within ${trial.stepMs} ms`;
  const answering = greet(stage.transport, stage.address, tls, hello);
  const answer = await trial.within(trial.stepMs + 500, late, answering);
  if (answer === undefined) return trial.blame(`ends the link of a greeting with ${name} without a word`);
  if (answer.kind === 'welcome') return;
  if (!isErrorCode(answer.code))
    trial.blame(`refuses a greeting with ${name} with '${answer.code}', which is no code of the bus`);
  if (answer.message.includes('gave no answer within')) return trial.blame(late);
  const error = stage.events.slice(before).find(({ kind }) => kind === 'refused')?.error;
  if (error && broke(trial, error))
    trial.blame(
      `breaks on a greeting with ${name}: ${textOf(error.cause ?? error)}: throw a BusError that says what to do`,
    );
}

/** Whether the plugin did not mean to refuse: what is thrown by a mistake, or in a handshake without a code. */
function broke({ subject }: Trial, { code, details, cause }: BusError): boolean {
  if (details.plugin !== subject.name || BusError.is(cause)) return false;
  if (code === 'handshake-failed') return true;
  return [TypeError, RangeError, ReferenceError, SyntaxError].some((mistake) => cause instanceof mistake);
}

async function served(trial: Trial, { inward, events }: Stage, when: string): Promise<void> {
  await inward.request(types.echo, { mark: when }, { timeoutMs: trial.stepMs }).catch((thrown) => {
    trial.blame(`does not let the legitimate worker be served ${when} strange greetings: ${textOf(thrown)}`);
  });
  const gone = events.find(({ kind }) => kind === 'lost' || kind === 'disconnected');
  if (gone) trial.blame(`lets the legitimate worker be ${gone.kind} by strange greetings: ${gone.cause}`);
}

async function admitsNobody(trial: Trial): Promise<void> {
  const stage = await stageOf(trial);
  const answer = await greet(stage.transport, stage.address, undefined, nothing);
  if (answer?.kind === 'welcome')
    trial.fail('lets in who says nothing of itself: authenticate must throw unless it knows who the peer is');
}
