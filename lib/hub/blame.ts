// Words for verdicts: who holds an event loop, and for how long.
import type { Holder } from '../frame/frame.js';

/** Who holds an event loop, by message types: `render.frame`, `one of a, b`, or code outside of the handlers. */
export const holdersOf = (by: readonly Holder[]): string => named(by.map(({ type }) => type));

/** The same with the plugins. */
export const holdersInFull = (by: readonly Holder[]): string =>
  named(by.map(({ type, plugin }) => (plugin === '' ? type : `${type} of plugin '${plugin}'`)));

const named = (names: readonly string[]): string =>
  names.length > 1 ? `one of ${names.join(', ')}` : (names[0] ?? 'code outside of the handlers');

/** The handler, where it is certain which one. */
export function holder(by: readonly Holder[]): { readonly type?: string; readonly plugin?: string } {
  const [only, other] = by;
  if (only === undefined || other !== undefined) return {};
  const { type, plugin } = only;
  return plugin === '' ? { type } : { type, plugin };
}

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
