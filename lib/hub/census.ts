import type { WorkerInfo } from './member.js';

/** Which versions the fleet runs. Counts workers that are not lost. */
export interface Census {
  readonly total: number;
  /** The hub's own version. */
  readonly hub: string | undefined;
  /** By application version, most workers first; `undefined` for those that name none. */
  readonly versions: readonly { readonly version: string | undefined; readonly workers: readonly string[] }[];
  /** Workers that were let in with a leniency, with its reasons in words. */
  readonly degraded: readonly { readonly worker: string; readonly reasons: readonly string[] }[];
}

export function census(workers: Iterable<WorkerInfo>, hub: string | undefined): Census {
  const present = [...workers].filter(({ liveness }) => liveness !== 'lost' && liveness !== 'left');
  const byVersion = new Map<string | undefined, string[]>();
  for (const { id, version } of present) byVersion.set(version, [...(byVersion.get(version) ?? []), id]);
  return {
    total: present.length,
    hub,
    versions: [...byVersion]
      .map(([version, ids]) => ({ version, workers: ids }))
      .sort((a, b) => b.workers.length - a.workers.length),
    degraded: present
      .filter(({ agreement }) => agreement.degraded)
      .map(({ id, agreement }) => ({ worker: id, reasons: agreement.reasons })),
  };
}
