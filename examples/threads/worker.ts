// A process of its own, so that what holds up its event loop does not hold up the hub's.
import { threads } from '@drumline/threads';
import { createWorker, handler } from 'drumline';
import { Ping, RenderInline, RenderInThread } from './contract.js';
import { render } from './render.js';

const worker = createWorker({
  hub: process.argv[2] ?? '',
  id: 'painter',
  plugins: [threads({ threads: 2 })],
  handlers: [
    handler(Ping, ({ payload }) => payload),
    handler(RenderInline, render),
    handler(
      RenderInThread,
      { module: new URL('./render.js', import.meta.url), export: 'render' },
      { run: 'thread', concurrency: 2 },
    ),
  ],
});
await worker.start();
process.once('disconnect', () => void worker.close());
