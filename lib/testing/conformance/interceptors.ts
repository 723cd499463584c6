import { BusError, textOf } from '../../errors/bus-error.js';
import type { Role } from '../../plugin/manifest.js';
import { onPurpose, onPurposeInWords, types } from './kit.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import { Stage, type Way } from './stage.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

type Direction = 'handler' | 'send';

/** What the plugin puts around handlers and around sends, in one role, seen with messages of the kit's own. */
export const interceptorCases = (subject: Subject, role: Role): readonly ConformanceCase[] =>
  directions(subject).flatMap((direction) => {
    const named = `as a ${role}: its interceptor around ${direction === 'send' ? 'what is sent' : 'handlers'}`;
    const of = (name: string, body: (trial: Trial, stage: Stage, way: Way) => Promise<void>) =>
      caseOf(subject, `${named} ${name}`, async (trial) => {
        const stage = await Stage.of(trial, role);
        await body(trial, stage, direction === 'send' ? stage.outward : stage.inward);
      });
    return [
      of('lets a message and its reply pass, or refuses it in words', passes),
      of('lets the errors of handlers pass, or puts others in their place', errs),
      of('keeps apart 200 messages at once', keepsApart),
      of('lets a cancelled call settle', cancels),
      of('gives each verb what it gives', verbs),
    ];
  });

function directions({ contributes: { interceptors = [] } }: Subject): Direction[] {
  const around = (direction: Direction) =>
    interceptors.some((each) => (typeof each === 'function' ? direction === 'handler' : each[direction]));
  return (['handler', 'send'] as const).filter(around);
}

/** Whether an error is a refusal of the plugin's own, and nothing that broke. */
const isRefusal = (thrown: unknown): thrown is BusError =>
  BusError.is(thrown) &&
  !['plugin', 'handler-failed', 'timeout', 'unserialisable', 'unhandled'].includes(thrown.code);

/** What an interceptor answered with; `undefined` where it refused. */
async function reply(trial: Trial, way: Way, payload: object): Promise<unknown> {
  try {
    return { given: await way.request(types.echo, payload, { timeoutMs: trial.stepMs }) };
  } catch (thrown) {
    if (isRefusal(thrown)) return undefined;
    return trial.fail(`breaks a message that is none of its own: ${told(thrown)}`, thrown);
  }
}

async function passes(trial: Trial, { kit, far }: Stage, way: Way): Promise<void> {
  const answer = (await reply(trial, way, { mark: 'once' })) as { given: unknown } | undefined;
  const ran = (kit.ran.get('once') ?? 0) + (far.ran.get('once') ?? 0);
  if (ran > 1) trial.fail(`runs a handler ${ran} times for one message: call next() once`);
  if (answer && ran === 1 && answer.given === undefined)
    trial.fail('swallows the reply of a handler: return what next() gives');
}

async function errs(trial: Trial, _: Stage, way: Way): Promise<void> {
  const expected = [
    [types.fail, 'handler-failed', onPurpose],
    [types.refuse, onPurposeInWords.code, onPurposeInWords.message],
  ] as const;
  for (const [type, code, text] of expected) {
    const thrown = await way.request(type, 'error', { timeoutMs: trial.stepMs }).then(
      () =>
        trial.fail(`swallows the error of a handler (${code}): let it pass, or throw a BusError of its own`),
      (thrown: unknown) => thrown,
    );
    if (BusError.is(thrown, 'plugin') && thrown.details.rule === trial.rule) throw thrown;
    if (BusError.is(thrown, code) && thrown.message.includes(text)) continue;
    if (!isRefusal(thrown))
      trial.fail(`changes the error of a handler (${code}) into ${told(thrown)}`, thrown);
  }
}

async function keepsApart(trial: Trial, _: Stage, way: Way): Promise<void> {
  const calls = Array.from({ length: 200 }, async (_, n) => {
    const given = await reply(trial, way, { mark: `mark-${n};`, waitMs: n % 7 });
    const marks = [...(JSON.stringify(given) ?? '').matchAll(/mark-(\d+);/g)].map(([, mark]) => mark);
    const other = marks.find((mark) => mark !== String(n));
    if (other)
      trial.fail(`gives one message the reply of another (${n} got that of ${other}): share nothing`);
  });
  await Promise.all(calls);
}

async function cancels(trial: Trial, stage: Stage, way: Way): Promise<void> {
  const controller = new AbortController();
  const call = way.request(types.hang, 'hang', { signal: controller.signal, timeoutMs: trial.settleMs });
  call.catch(() => {});
  await trial.sleep(30);
  controller.abort();
  const text = 'does not let a cancelled call settle: hand on what next() gives, errors too';
  await trial.within(trial.stepMs, text, Promise.allSettled([call]));
  if (!(await stage.drained(trial.stepMs))) trial.fail(text);
}

async function verbs(trial: Trial, _: Stage, way: Way): Promise<void> {
  await trial.within(
    trial.stepMs,
    'holds up a send()',
    settled(trial, 'send', way.send(types.echo, { mark: 's' })),
  );
  try {
    const { queued, dropped }: { queued?: unknown; dropped?: unknown } =
      way.publish(types.echo, { mark: 'p' }) ?? {};
    if (typeof queued !== 'number' || typeof dropped !== 'number')
      trial.blame('makes publish() give something else than { queued, dropped }: return what next() gives');
  } catch (thrown) {
    if (!isRefusal(thrown)) trial.blame(`breaks a publish(): ${told(thrown)}`);
  }
  const items: unknown[] = [];
  const streamed = new Promise<void>((resolve, reject) => {
    way.stream(types.items, null, { timeoutMs: trial.stepMs }).subscribe({
      next: (item) => items.push(item),
      error: reject,
      complete: resolve,
    });
  });
  const refused = await settled(trial, 'stream', streamed);
  if (!refused && items.length === 0)
    trial.blame('swallows the items of a stream: return what next() gives, or an iterable of its items');
}

/** Waits for it; whether it was refused. */
async function settled(trial: Trial, verb: string, call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return false;
  } catch (thrown) {
    if (!isRefusal(thrown)) trial.blame(`breaks a ${verb}(): ${told(thrown)}`);
    return true;
  }
}

const told = (thrown: unknown): string =>
  BusError.is(thrown) ? `${thrown.code}: ${thrown.message}` : textOf(thrown);
