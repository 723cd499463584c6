import type { Server } from 'node:http';
import type { Plugin } from '../../../../lib/plugin.js';
import type { ConformanceOptions } from '../../../../lib/testing/conformance/option.js';

/** A plugin, and what the kit must find: for each case that fails, what its text must say. */
export interface Broken {
  readonly what: string;
  readonly make: () => Plugin;
  readonly options?: ConformanceOptions;
  readonly finds: Readonly<Record<string, RegExp>>;
}

export const onHub = { roles: ['hub'] } as const;
export const onWorker = { roles: ['worker'] } as const;
export const never = () => new Promise<never>(() => {});

/** What the broken ones leave open, for the specs to close. */
export const open: { readonly servers: Server[]; readonly timers: NodeJS.Timeout[] } = {
  servers: [],
  timers: [],
};
export const leaveTimer = () => void open.timers.push(setInterval(() => {}, 60_000));

export const life = {
  begins: 'starts, gets ready and stops, and leaves nothing behind',
  again: 'starts again after it has stopped',
  interrupted: 'stops while it starts',
};
export const pair = 'two of it in one process share no trouble';
export const as = (role: 'hub' | 'worker', finds: Readonly<Record<string, RegExp>>) =>
  Object.fromEntries(Object.entries(finds).map(([name, text]) => [`as a ${role}: ${name}`, text]));
