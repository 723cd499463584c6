import { Worker } from 'node:worker_threads';
import type { Context, HandlerMessage } from '../../lib/handler/context.js';
import type { Executor } from '../../lib/handler/executor.js';
import type { HandlerModule } from '../../lib/handler/handler-module.js';

/** Runs each message in a thread of its own, which is ended when the signal fires. */
export class ThreadExecutor implements Executor {
  readonly run = 'thread';
  running = 0;

  execute(
    { module, export: name }: HandlerModule,
    message: HandlerMessage,
    { signal }: Context,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const workerData = { module: module.href, name, message };
      const thread = new Worker(new URL('./thread.js', import.meta.url), { workerData });
      this.running += 1;
      const terminate = () => void thread.terminate();
      signal.addEventListener('abort', terminate, { once: true });
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', (code) => {
        this.running -= 1;
        signal.removeEventListener('abort', terminate);
        reject(new Error(`the thread ended with ${code}`));
      });
    });
  }
}
