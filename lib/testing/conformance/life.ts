import { BusError } from '../../errors/bus-error.js';
import { Hub } from '../../hub/hub.js';
import type { Plugin, Role } from '../../plugin/manifest.js';
import { Worker } from '../../worker/worker.js';
import type { ConformanceCase } from './option.js';
import { address, inMemory, silent as log, platformOf } from './platform.js';
import { caseOf } from './run.js';
import type { Subject } from './subject.js';
import { Traces } from './traces.js';
import type { Trial } from './trial.js';

/** How long a plugin stays started, in milliseconds, for what goes wrong a little later to be seen. */
const stayMs = 100;

/** The plugin's steps, in one role, with what it requires and nobody else. */
export const lifeCases = (subject: Subject, role: Role): readonly ConformanceCase[] => [
  caseOf(subject, `as a ${role}: starts, gets ready and stops, and leaves nothing behind`, (trial) =>
    traced(trial, async () => {
      await lived(trial, role, trial.plugin(true), stayMs);
    }),
  ),
  caseOf(subject, `as a ${role}: starts again after it has stopped`, (trial) =>
    traced(trial, async () => {
      const plugin = trial.plugin(true);
      await lived(trial, role, plugin, 0);
      await lived(trial, role, plugin, 0);
    }),
  ),
  ...(subject.steps.has('start')
    ? [
        caseOf(subject, `as a ${role}: stops while it starts`, (trial) =>
          traced(trial, () => interrupted(trial, role)),
        ),
      ]
    : []),
];

async function traced(trial: Trial, live: () => Promise<void>): Promise<void> {
  const traces = new Traces();
  await live();
  const left = await traces.left(trial.goneMs);
  if (left.length > 0)
    trial.fail(`leaves ${left.join(', ')} behind: close in stop() all that start() and ready() have opened`);
}

async function lived(trial: Trial, role: Role, plugin: Plugin, ms: number): Promise<void> {
  const host = await Host.of(trial, role, plugin);
  await host.start();
  await trial.sleep(ms);
  await trial.within(trial.stepMs + 500, `does not let a ${role} close`, host.close());
}

async function interrupted(trial: Trial, role: Role): Promise<void> {
  const plugin = trial.plugin(true);
  let aborted = false;
  let ended = false;
  const host = await Host.of(trial, role, {
    ...plugin,
    async start(context) {
      context.signal.addEventListener('abort', () => {
        aborted = true;
      });
      try {
        await plugin.start?.(context);
      } finally {
        ended = true;
      }
    },
  });
  const starting = host.start().catch((thrown) => {
    if (!BusError.is(thrown, 'closed') && !aborted) throw thrown;
  });
  await new Promise<void>(trial.clock.soon);
  const early = ended;
  await host.close();
  await starting;
  if (!early && !aborted) trial.fail('has a start() whose signal did not fire');
}

/** A hub or worker with the plugin and what it requires. */
class Host {
  private constructor(
    private readonly run: () => Promise<unknown>,
    readonly close: () => Promise<void>,
  ) {}

  start(): Promise<unknown> {
    return this.run();
  }

  static async of(trial: Trial, role: Role, plugin: Plugin): Promise<Host> {
    const { beside, across } = trial.subject.companions(role);
    const { greeting, hub: given } = trial.subject.options;
    const platform = platformOf(inMemory());
    const plugins = [...beside, plugin];
    const hub = new Hub(
      { log, ...given, listen: address, plugins: role === 'hub' ? plugins : across },
      platform,
    );
    if (role === 'hub') {
      trial.later(() => hub.close());
      return new Host(
        () => hub.start(),
        () => hub.close(),
      );
    }
    await hub.start();
    const worker = new Worker({ version: '1.0.0', log, ...greeting, hub: address, plugins }, platform);
    const close = async () => {
      await worker.close();
      await hub.close();
    };
    trial.later(close);
    return new Host(() => worker.start({ timeoutMs: 2 * trial.stepMs }), close);
  }
}
