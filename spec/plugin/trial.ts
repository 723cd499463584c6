// Plugins in short, and a host for them on a clock that the spec moves.
import type { Log } from '../../lib/handler/context.js';
import { PluginHost, type PluginHostOptions } from '../../lib/plugin/host.js';
import type { Manifest, Plugin } from '../../lib/plugin/manifest.js';
import { statsOf } from '../../lib/plugin/stats.js';
import { tsyringeInjection } from '../../lib/services/tsyringe-injection.js';
import { Tally } from '../../lib/session/tally.js';
import { type VirtualClock, virtualClock } from '../../lib/testing/virtual-clock.js';

/** A plugin that needs drumline ^1.0.0, with more of a manifest and of everything else. */
export const plugin = (
  name: string,
  rest: Omit<Plugin, 'manifest'> = {},
  more: Partial<Manifest> = {},
): Plugin => ({
  manifest: { name, version: '1.0.0', engines: { drumline: '^1.0.0' }, ...more },
  ...rest,
});

/** A plugin whose steps only note that they ran. */
export const noted = (name: string, notes: string[], rest: Partial<Plugin> = {}): Plugin =>
  plugin(name, {
    start: () => void notes.push(`${name} starts`),
    ready: () => void notes.push(`${name} is ready`),
    stop: () => void notes.push(`${name} stops`),
    ...rest,
  });

export const never = (): Promise<void> => new Promise(() => {});

const noLane = { queued: 0, running: 0, handled: 0, concurrency: 64, capacity: 256, capacityBytes: 1024 };
const noBeats = { received: 0, lateMs: 0, worstMs: 0, pulses: 0, worstDelayMs: 0, ignored: 0, refused: 0 };
const noMemory = {
  memory: { usedBytes: 0, maxBytes: 1024 },
  reassembly: { usedBytes: 0, capacityBytes: 512 },
};

export class Trial {
  readonly clock: VirtualClock = virtualClock();
  readonly lines: string[] = [];
  readonly log: Log = {
    debug: (text) => void this.lines.push(text),
    info: (text) => void this.lines.push(text),
    warn: (text) => void this.lines.push(text),
    error: (text) => void this.lines.push(text),
  };

  host(plugins: readonly Plugin[], more: Partial<PluginHostOptions> = {}): PluginHost {
    const { clock, log } = this;
    return new PluginHost({
      plugins,
      role: 'hub',
      sdkVersion: '1.4.2',
      applicationHandlers: [],
      applicationProviders: [],
      injection: tsyringeInjection,
      stats: () => statsOf(0, noLane, noBeats, [], new Tally(), noMemory),
      clock,
      log,
      ...more,
    });
  }
}

/** What a promise rejects with, or 'resolved', or 'waits' if it has not settled by now. */
export async function fate(promise: Promise<unknown>, clock: VirtualClock): Promise<unknown> {
  let fate: unknown = 'waits';
  promise.then(
    () => {
      fate = 'resolved';
    },
    (error: unknown) => {
      fate = error;
    },
  );
  await clock.settle();
  return fate;
}
