// Plugins that get in the way of messages.
import { setTimeout as sleep } from 'node:timers/promises';
import { plugin } from '../healthy.js';
import { as, type Broken, never, onHub, onWorker } from './case.js';

export const around: Broken[] = [
  {
    what: 'an interceptor calls next twice',
    make: () =>
      plugin(
        'calls-twice',
        {
          contributes: {
            interceptors: [
              (next) => async (message, context) => {
                await next(message, context);
                return next(message, context);
              },
            ],
          },
        },
        onHub,
      ),
    finds: as('hub', {
      'its interceptor around handlers lets a message and its reply pass, or refuses it in words':
        /breaks a message that is none of its own: plugin: .*called next\(\) twice/,
      'its interceptor around handlers keeps apart 200 messages at once': /called next\(\) twice/,
      'its interceptor around handlers gives each verb what it gives':
        /breaks a stream\(\): plugin: .*called next\(\) twice/,
      'beats stay in time under load': /lets messages of others fail under load: .*called next\(\) twice/,
    }),
  },
  {
    what: 'an interceptor swallows the reply',
    make: () =>
      plugin(
        'swallows-replies',
        {
          contributes: {
            interceptors: [
              (next) => async (message, context) => {
                await next(message, context);
              },
            ],
          },
        },
        onHub,
      ),
    finds: as('hub', {
      'its interceptor around handlers lets a message and its reply pass, or refuses it in words':
        /swallows the reply of a handler: return what next\(\) gives/,
      'its interceptor around handlers gives each verb what it gives': /swallows the items of a stream/,
    }),
  },
  {
    what: 'an interceptor swallows errors',
    make: () =>
      plugin(
        'swallows-errors',
        {
          contributes: {
            interceptors: [
              (next) => async (message, context) => {
                try {
                  return await next(message, context);
                } catch {
                  return null;
                }
              },
            ],
          },
        },
        onHub,
      ),
    finds: as('hub', {
      'its interceptor around handlers lets the errors of handlers pass, or puts others in their place':
        /swallows the error of a handler \(handler-failed\): let it pass/,
    }),
  },
  {
    what: 'an interceptor makes other errors of those of handlers',
    make: () =>
      plugin(
        'wraps-errors',
        {
          contributes: {
            interceptors: [
              (next) => async (message, context) => {
                try {
                  return await next(message, context);
                } catch (thrown) {
                  throw new Error('failed', { cause: thrown });
                }
              },
            ],
          },
        },
        onHub,
      ),
    finds: as('hub', {
      'its interceptor around handlers lets the errors of handlers pass, or puts others in their place':
        /changes the error of a handler \(handler-failed\) into plugin: .*failed/,
    }),
  },
  {
    what: 'an interceptor takes one message at a time, whatever holds that one up',
    make: () => {
      let last: Promise<unknown> = Promise.resolve();
      return plugin(
        'takes-turns',
        {
          contributes: {
            interceptors: [
              (next) => (message, context) => {
                const result = last.then(async () => {
                  await sleep(10);
                  return next(message, context);
                });
                last = result.catch(() => {});
                return result;
              },
            ],
          },
        },
        onHub,
      );
    },
    finds: as('hub', {
      'its interceptor around handlers keeps apart 200 messages at once':
        /breaks a message that is none of its own: timeout/,
      'beats stay in time under load': /lets messages of others fail under load: .* was not done within/,
    }),
  },
  {
    what: 'an interceptor mixes up replies',
    make: () => {
      let latest: unknown;
      return plugin(
        'mixes-up',
        {
          contributes: {
            interceptors: [
              (next) => async (message, context) => {
                const result = next(message, context);
                latest = result;
                await result;
                return latest;
              },
            ],
          },
        },
        onHub,
      );
    },
    finds: as('hub', {
      'its interceptor around handlers keeps apart 200 messages at once':
        /gives one message the reply of another \(\d+ got that of \d+\)/,
    }),
  },
  {
    what: 'an interceptor never lets a cancelled call go',
    make: () =>
      plugin(
        'holds-on',
        {
          contributes: {
            interceptors: [
              (next) => async (message, context) => {
                try {
                  return await next(message, context);
                } catch (thrown) {
                  if (context.signal.aborted) await never();
                  throw thrown;
                }
              },
            ],
          },
        },
        onWorker,
      ),
    finds: as('worker', {
      'its interceptor around handlers lets a cancelled call settle': /does not let a cancelled call settle/,
    }),
  },
  {
    what: 'an interceptor around sends makes a promise of everything',
    make: () =>
      plugin(
        'promises-all',
        {
          contributes: {
            interceptors: [{ send: (next) => async (message, context) => next(message, context) }],
          },
        },
        onWorker,
      ),
    finds: as('worker', {
      'its interceptor around what is sent gives each verb what it gives': /publish/,
    }),
  },
];
