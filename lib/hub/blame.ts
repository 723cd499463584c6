// Words for verdicts: who holds an event loop, and for how long.
import type { Holder } from '../frame/frame.js';

const outside = 'code outside of the handlers';

/** Who holds an event loop, by message types: `render.frame` where that is known, else all that may. */
export const holdersOf = (by: readonly Holder[]): string => named(by, ({ type }) => type);

/** The same with the plugins. */
export const holdersInFull = (by: readonly Holder[]): string =>
  named(by, ({ type, plugin }) => (plugin === '' ? type : `${type} of plugin '${plugin}'`));

function named(by: readonly Holder[], nameOf: (holder: Holder) => string): string {
  if (by.length === 0) return outside;
  const names = by.map(nameOf).join(', ');
  if (isKnown(by)) return names;
  return `${by.length > 1 ? 'one of ' : ''}${names}, or ${outside}`;
}

const isKnown = (by: readonly Holder[]): boolean => by.length === 1 && by[0]?.running === true;

/** The handler, where it is certain which one. */
export function holder(by: readonly Holder[]): { readonly type?: string; readonly plugin?: string } {
  const [only] = by;
  if (only === undefined || !isKnown(by)) return {};
  const { type, plugin } = only;
  return plugin === '' ? { type } : { type, plugin };
}

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
