import type { Role } from '../../plugin/manifest.js';
import { answerTo } from './answer.js';
import { types } from './kit.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import { Stage } from './stage.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

/** What belongs to the whole process: nothing of it may be another one after the plugin has run. */
export const globalCases = (subject: Subject, role: Role): readonly ConformanceCase[] => [
  caseOf(subject, `as a ${role}: changes nothing that is global`, (trial) => unchanged(trial, role)),
];

const shared: Readonly<Record<string, object>> = {
  globalThis,
  'Object.prototype': Object.prototype,
  'Function.prototype': Function.prototype,
  'Array.prototype': Array.prototype,
  'String.prototype': String.prototype,
  'Error.prototype': Error.prototype,
  'Promise.prototype': Promise.prototype,
  Promise,
  Error,
  JSON,
  Math,
  console,
  process,
  'process.env': process.env,
};

/** Not read: some of them are made when they are first asked for. */
const lazy = (owner: string, key: string | symbol): boolean =>
  (owner === 'globalThis' &&
    typeof key === 'string' &&
    /storage|navigator|crypto|eventsource|websocket/i.test(key)) ||
  (owner === 'process' && !['exit', 'emit', 'on', 'cwd', 'title', 'umask', 'nextTick'].includes(String(key)));

type Snapshot = ReadonlyMap<string, unknown>;

function snapshot(): Snapshot {
  const found = new Map<string, unknown>([['the working directory', process.cwd()]]);
  for (const [owner, object] of Object.entries(shared))
    for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(object)))
      if (!lazy(owner, key))
        found.set(`${owner}.${key}`, 'value' in descriptor ? descriptor.value : descriptor.get);
  return found;
}

async function unchanged(trial: Trial, role: Role): Promise<void> {
  const before = snapshot();
  const stage = await Stage.of(trial, role);
  await answerTo(trial, stage.inward, types.echo, { mark: 'globals' }, trial.stepMs);
  for (const type of trial.subject.types)
    for (const sample of trial.subject.samples(type))
      await answerTo(trial, stage.inward, type, sample, trial.stepMs / 8, 1);
  await stage.close();
  const after = snapshot();
  const names = [...new Set([...before.keys(), ...after.keys()])];
  const changed = names.filter((name) => !Object.is(before.get(name), after.get(name)));
  if (changed.length > 0)
    trial.fail(
      `changes ${changed.join(', ')}: others in the process rely on that; keep it to the plugin, or undo it in stop()`,
    );
}
