import { Worker } from 'node:worker_threads';
import { definePlugin, type HandlerMessage } from '../../../lib/plugin.js';
import { plugin } from './healthy.js';

const program = `
  const { parentPort, workerData } = require('node:worker_threads');
  import(workerData.module).then(async (module) => {
    try {
      parentPort.postMessage({ value: await module[workerData.name](workerData.message) });
    } catch (thrown) {
      parentPort.postMessage({ error: thrown.message });
    }
  });
`;

/** A thread for each message. */
export const threads = definePlugin(() =>
  plugin(
    '@acme/threads',
    {
      contributes: {
        executors: [
          {
            run: 'thread',
            execute: ({ module, export: name }, { payload }: HandlerMessage, { signal }) =>
              new Promise((resolve, reject) => {
                const workerData = { module: module.href, name, message: { payload } };
                const thread = new Worker(program, { eval: true, workerData });
                const end = () => void thread.terminate();
                signal.addEventListener('abort', end);
                thread.on('error', reject);
                thread.on('exit', () => reject(signal.reason ?? new Error('the thread has ended')));
                thread.on('message', ({ value, error }: { value?: unknown; error?: string }) => {
                  if (error === undefined) resolve(value);
                  else reject(new Error(error));
                  end();
                });
              }),
          },
        ],
      },
    },
    { roles: ['worker'] },
  ),
);
