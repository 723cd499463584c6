import { BusError, textOf } from '../errors/bus-error.js';

/** What a worker says of itself, for choosing among workers. */
export type Labels = Readonly<Record<string, string>>;

/** Every worker that has these labels. */
export interface AllTarget {
  readonly to: 'all';
  readonly labels: Labels;
}

/** One worker of those that have these labels. */
export interface AnyTarget {
  readonly to: 'any';
  readonly labels: Labels;
}

/** Where one message goes to one worker: the worker's id, or `any()`. For send, request and stream. */
export type OneTarget = string | AnyTarget;

/** Where a message can be published. */
export type Target = OneTarget | AllTarget;

/** Every worker, or every one that has all of these labels. For `publish` only. */
export const all = (labels: Labels = {}): AllTarget => Object.freeze({ to: 'all', labels: checked(labels) });

/** A live worker that handles the type and has room; with `labels`, one that has all of them. */
export const any = (labels: Labels = {}): AnyTarget => Object.freeze({ to: 'any', labels: checked(labels) });

/** Throws `invalid-option` for what is no target of this verb: in plain JavaScript no compiler has seen it. */
export function checkTarget(target: unknown, verb: 'publish' | 'send' | 'request' | 'stream'): void {
  if (typeof target === 'string') return;
  const { to } = (target ?? {}) as { to?: unknown };
  if (to === 'any' || (to === 'all' && verb === 'publish')) return;
  const targets = verb === 'publish' ? "a worker's id, any() or all()" : "a worker's id or any()";
  const given = to === 'all' ? 'all(), which is for publish alone' : textOf(target);
  throw new BusError('invalid-option', `the target of a ${verb} is ${targets}, not ${given}`);
}

/** Whether a worker with `labels` has all that are wanted. */
export function matches(labels: Labels, wanted: Labels): boolean {
  for (const name in wanted) if (labels[name] !== wanted[name]) return false;
  return true;
}

function checked(labels: Labels): Labels {
  for (const [name, value] of Object.entries(labels)) {
    if (typeof value !== 'string')
      throw new BusError(
        'invalid-option',
        `label '${name}' of a target is a ${typeof value}: it must be a string`,
      );
  }
  return Object.freeze({ ...labels });
}
