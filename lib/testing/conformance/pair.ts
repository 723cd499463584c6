import { textOf } from '../../errors/bus-error.js';
import type { Role } from '../../plugin/manifest.js';
import { answerTo } from './answer.js';
import { types } from './kit.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import { Stage } from './stage.js';
import type { Subject } from './subject.js';
import { Traces } from './traces.js';
import type { Trial } from './trial.js';

/** Two of the plugin in two hubs or workers of one process: what ends one must not be felt by the other. */
export const pairCases = (subject: Subject, role: Role): readonly ConformanceCase[] => [
  caseOf(subject, `as a ${role}: two of it in one process share no trouble`, (trial) => apart(trial, role)),
];

async function apart(trial: Trial, role: Role): Promise<void> {
  const traces = new Traces();
  const first = await begun(trial, role, 'the first one has started');
  const second = await begun(trial, role, 'another one has started');
  const before = await outcomes(trial, second);
  await first.close();
  const after = await outcomes(trial, second);
  for (const [type, outcome] of after)
    if (before.get(type) !== outcome)
      trial.blame(
        `answers '${type}' with ${outcome} once another one of it has stopped, and with ${before.get(type)} before: ` +
          'keep its state inside what the maker makes, not in the module',
      );
  await second.close();
  const left = await traces.left(trial.goneMs);
  if (left.length > 0)
    trial.blame(`leaves ${left.join(', ')} behind where two of it have run: each must close what is its own`);
}

async function begun(trial: Trial, role: Role, when: string): Promise<Stage> {
  try {
    return await Stage.of(trial, role);
  } catch (thrown) {
    return trial.fail(`does not start when ${when}: ${textOf(thrown)}`, thrown);
  }
}

/** What comes of each sample and of a message of the kit's, in a word. */
async function outcomes(trial: Trial, { inward }: Stage): Promise<ReadonlyMap<string, string>> {
  const { subject } = trial;
  const samples: [type: string, payload: unknown][] = [
    [types.echo, { mark: 'pair' }],
    ...subject.types.flatMap((type) =>
      subject
        .samples(type)
        .slice(0, 1)
        .map((sample): [string, unknown] => [type, sample]),
    ),
  ];
  const told = samples.map(async ([type, payload]): Promise<[string, string]> => {
    const { end, items } = await answerTo(trial, inward, type, payload, trial.stepMs / 2, 1);
    if (typeof end !== 'string') return [type, end.code];
    return [type, items.length > 0 || end === 'done' ? 'an answer' : 'nothing'];
  });
  return new Map(await Promise.all(told));
}
