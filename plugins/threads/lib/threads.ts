import { BusError, definePlugin, type Plugin } from 'drumline/plugin';
import { settingsOf, type ThreadsOptions } from './option.js';
import { Pool } from './pool.js';

/**
 * Runs handlers with the option `run: 'thread'` in a pool of threads. For one hub or worker at a time. Throws
 * `invalid-option`; the start of the hub or worker fails if no thread can be started.
 */
export const threads: (options?: ThreadsOptions) => Plugin = definePlugin((options: ThreadsOptions = {}) => {
  const settings = settingsOf(options);
  let pool: Pool | undefined;
  return {
    manifest: { name: '@drumline/threads', version: '0.1.0', engines: { drumline: '^0.1.0' } },
    contributes: {
      executors: [
        {
          run: 'thread',
          execute(where, message, context) {
            if (pool === undefined)
              throw new BusError('closed', 'there are no threads: the plugin does not run');
            return pool.execute(where, message, context);
          },
        },
      ],
    },
    async start({ log, signal }) {
      if (pool !== undefined)
        throw new BusError(
          'plugin',
          'it runs for another hub or worker already: call threads() once for each',
        );
      pool = new Pool(settings, log);
      try {
        await pool.start(signal);
      } catch (thrown) {
        await pool.close();
        pool = undefined;
        throw thrown;
      }
    },
    async stop() {
      await pool?.close();
      pool = undefined;
    },
  };
});
