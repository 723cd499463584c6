import type { Beat, Holder, Progress } from '../frame/frame.js';
import { shown } from '../handshake/shown.js';

/** A beat over a pulse. */
export type PulseBeat = Beat & { readonly progress: Progress };

/** No event loop stands still for longer, and is waited for. */
const dayMs = 24 * 60 * 60 * 1_000;
const longestName = 255;
const mostHolders = 16;
/** 256 TiB. */
const mostBytes = 2 ** 48;

/** Larger and negative numbers read as this. */
const isCount = (value: number): boolean => value < Number.MAX_SAFE_INTEGER;
const isSpan = (ms: number): boolean => ms <= dayMs;
const isHolder = ({ type, plugin }: Holder): boolean =>
  type !== '' && type.length <= longestName && plugin.length <= longestName;

/** A beat that can be true, with its names as they may be shown; undefined for any other. */
export function believed(beat: Beat): PulseBeat | undefined {
  const { n, lateMs, inFlight, queued, handled, oldestMs, progress } = beat;
  if (progress === undefined) return undefined;
  const { ticks, stillMs, delayMs, holders, cpuMs, rssBytes } = progress;
  const counted = isCount(n) && isCount(inFlight) && isCount(queued) && isCount(handled) && isCount(oldestMs);
  if (!counted || !isCount(ticks) || !isCount(cpuMs) || rssBytes > mostBytes) return undefined;
  if (!isSpan(lateMs) || !isSpan(stillMs) || !isSpan(delayMs)) return undefined;
  // One whose loop turns, and so most of them.
  if (holders.length === 0) return beat as PulseBeat;
  if (holders.length > mostHolders || !holders.every(isHolder)) return undefined;
  const named = holders.map(({ type, plugin, running }) => ({
    type: shown(type),
    plugin: shown(plugin),
    running,
  }));
  return { ...beat, progress: { ...progress, holders: named } };
}
