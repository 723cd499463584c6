import type { Log } from '../handler/context.js';

const levels = ['debug', 'info', 'warn', 'error'] as const;

/** A log that cannot hurt who writes to it: what it throws is dropped, since nobody can be told. */
export function guardedLog(log: Log, prefix = ''): Log {
  const guarded = {} as { -readonly [Level in keyof Log]: Log[Level] };
  for (const level of levels) {
    guarded[level] = (text, details) => {
      try {
        log[level](`${prefix}${text}`, details);
      } catch {}
    };
  }
  return Object.freeze(guarded);
}

/** The same, with the plugin's name in front of each line. */
export const pluginLog = (log: Log, name: string): Log => guardedLog(log, `plugin '${name}': `);
