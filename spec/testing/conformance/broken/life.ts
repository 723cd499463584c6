// Plugins that begin, end or share badly.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { BusError, definePlugin, handler } from '../../../../lib/plugin.js';
import { plugin } from '../healthy.js';
import { as, type Broken, leaveTimer, life, never, onHub, onWorker, open, pair } from './case.js';

const shared = { open: false, running: false };

export const lives: Broken[] = [
  {
    what: 'stop() leaves a server listening',
    make: () =>
      plugin(
        'leaves-a-server',
        {
          async start() {
            const server = createServer();
            open.servers.push(server);
            await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
          },
        },
        onHub,
      ),
    options: { limitMs: 1_500 },
    finds: as('hub', {
      [life.begins]: /leaves 1 listening server behind: close in stop\(\)/,
      [life.again]: /leaves 2 listening servers behind/,
      [life.interrupted]: /leaves 1 listening server behind/,
      [pair]: /leaves 2 listening servers behind where two of it have run/,
    }),
  },
  {
    what: 'stop() leaves a timer',
    make: () => plugin('leaves-a-timer', { start: leaveTimer }, onHub),
    options: { limitMs: 1_500 },
    finds: as('hub', {
      [life.begins]: /leaves 1 timer behind/,
      [life.again]: /leaves 2 timers behind/,
      [life.interrupted]: /leaves 1 timer behind/,
      [pair]: /leaves 2 timers behind/,
    }),
  },
  {
    what: 'stop() leaves a listener on process',
    make: () => plugin('leaves-a-listener', { start: () => void process.once('SIGUSR2', () => {}) }, onHub),
    options: { limitMs: 1_500 },
    finds: as('hub', {
      [life.begins]: /leaves 1 listener of process 'SIGUSR2' behind/,
      [life.again]: /leaves 2 listener/,
      [life.interrupted]: /leaves 1 listener/,
      [pair]: /leaves 2 listener/,
    }),
  },
  {
    what: 'start() ignores its signal and hangs',
    make: () =>
      plugin(
        'ignores-its-signal',
        {
          async start({ signal }) {
            await sleep(20);
            if (signal.aborted) await never();
          },
        },
        onHub,
      ),
    finds: as('hub', {
      [life.interrupted]: /has not ended its start\(\) after 1200 ms: heed context\.signal/,
    }),
  },
  {
    what: 'stop() throws the second time',
    make: () => {
      let stopped = false;
      return plugin(
        'stops-once',
        {
          stop() {
            if (stopped) throw new Error('stopped already');
            stopped = true;
          },
        },
        onWorker,
      );
    },
    finds: as('worker', { [life.again]: /fails in stop\(\): stopped already/ }),
  },
  {
    what: 'stop() hangs',
    make: () => plugin('never-stops', { ready: ({ log }) => log.info('ready'), stop: never }, onHub),
    options: { limitMs: 1_500 },
    finds: as('hub', {
      [life.begins]: /has not ended its stop\(\) after 600 ms/,
      [life.again]: /has not ended its stop\(\)/,
      [pair]: /has not ended its stop\(\)/,
      'changes nothing that is global': /has not ended its stop\(\)/,
      'beats stay in time under load': /has not ended its stop\(\)/,
    }),
  },
  {
    what: 'a promise fails that nobody waits for',
    make: () =>
      plugin('fails-unseen', { stop: () => void Promise.reject(new Error('nobody waits for me')) }, onHub),
    finds: as('hub', {
      [life.begins]: /rejects past everybody: nobody waits for me: catch what/,
      [life.again]: /rejects past everybody: nobody waits for me/,
      [pair]: /rejects past everybody: nobody waits for me/,
      'changes nothing that is global': /rejects past everybody: nobody waits for me/,
      'beats stay in time under load': /rejects past everybody: nobody waits for me/,
    }),
  },
  {
    what: 'two of it share what the first one closes',
    make: definePlugin(() =>
      plugin(
        'shares-its-state',
        {
          contributes: {
            handlers: [
              handler('shared', () => {
                if (!shared.open) throw new BusError('closed', 'the connection is closed');
                return 'open';
              }),
            ],
          },
          start() {
            shared.open = true;
          },
          stop() {
            shared.open = false;
          },
        },
        onHub,
      ),
    ),
    options: { messages: { shared: null } },
    finds: as('hub', {
      [pair]: /answers 'shared' with closed once another one of it has stopped, and with an answer before/,
    }),
  },
  {
    what: 'two of it want the same port',
    make: () =>
      plugin(
        'wants-the-port',
        {
          start() {
            if (shared.running) throw new Error('the port is in use');
            shared.running = true;
          },
          stop() {
            shared.running = false;
          },
        },
        onHub,
      ),
    finds: as('hub', { [pair]: /does not start when another one has started: .*the port is in use/ }),
  },
  {
    what: 'it computes in the background',
    make: () => {
      let timer: NodeJS.Timeout | undefined;
      const compute = () => {
        const since = process.cpuUsage();
        while (process.cpuUsage(since).user < 300_000);
      };
      return plugin(
        'computes-unasked',
        {
          contributes: {
            interceptors: [
              (next) => (message, context) => {
                // Sent under load alone.
                if (message.type === 'conformance.block') timer ??= setTimeout(compute, 1);
                return next(message, context);
              },
            ],
          },
          stop: () => clearTimeout(timer),
        },
        onHub,
      );
    },
    options: { blockMs: 150, limitMs: 10_000 },
    finds: as('hub', {
      'beats stay in time under load': /holds the event loop for \d+ ms under load, more than 150/,
    }),
  },
  {
    what: 'it patches what is global',
    make: () =>
      plugin(
        'patches',
        {
          start() {
            const before = Math.max;
            Math.max = (...numbers) => before(...numbers);
            process.env.CONFORMANCE_SPEC = `${Math.random()}`;
          },
        },
        onHub,
      ),
    finds: as('hub', {
      'changes nothing that is global': /changes Math\.max, process\.env\.CONFORMANCE_SPEC: /,
    }),
  },
];
