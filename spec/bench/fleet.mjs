import { Child } from './child.mjs';

const perProcess = 2500;
const joiningAtOnce = 50;
/** Ten thousand take their time, on a busy machine above all. */
const openWithinMs = 300_000;

const hubOf = (contestant, { flags }) =>
  new Child(`hub of ${contestant.name}`, './fleet-hub.mjs', {
    args: [contestant.fleet.href],
    flags: [...flags, '--expose-gc'],
  });

/**
 * A hub in one process and its workers in a few, each with connections of its own.
 * @param {import('./contestants.mjs').Contestant} contestant
 * @param {{ workers: number, processes?: number, atOnce?: number, size?: number, pulse?: boolean }} how
 * @param {{ flags: string[], sabotage?: string }} options
 */
export async function openFleet(contestant, how, options) {
  const {
    workers,
    processes = Math.max(2, Math.ceil(workers / perProcess)),
    // Of all processes together: more, and on a busy machine each waits so long for its turn that it gives up and dials anew.
    atOnce = Math.ceil(joiningAtOnce / processes),
    size = 32,
    pulse = false,
  } = how;
  const { flags, sabotage } = options;
  const children = Array.from(
    { length: processes },
    () =>
      new Child(`workers of ${contestant.name}`, './fleet-workers.mjs', {
        args: [contestant.fleet.href],
        flags,
      }),
  );
  const fleet = {
    hub: hubOf(contestant, options),
    address: '',
    rss: 0,
    /** When the workers were told to join, and when the last one had. */
    began: 0,
    joined: 0,
    stallMs: 0,
    workers: children,
    /** Ends the hub without a word and begins another one at its address; gives when that one listens. */
    async restart() {
      fleet.hub.kill();
      fleet.hub = hubOf(contestant, options);
      await fleet.hub.report('reply', 'start');
      const { at } = await fleet.hub.ask('open', { port: Number(fleet.address.split(':').at(-1)) });
      return at;
    },
    async close() {
      await Promise.all(children.map((child) => child.close()));
      await fleet.hub.close();
    },
    kill() {
      for (const child of [...children, fleet.hub]) child.kill();
    },
  };
  try {
    await Promise.all([fleet.hub, ...children].map((child) => child.report('reply', 'start')));
    const { address, rss } = await fleet.hub.ask('open');
    Object.assign(fleet, { address, rss, began: Number(process.hrtime.bigint()) / 1e6 });
    const part = Math.ceil(workers / processes);
    await Promise.all(
      children.map((child, n) => {
        const first = n * part;
        const count = Math.min(part, workers - first);
        const command = { address, first, count, atOnce, size, pulse, sabotage };
        return child.ask('open', command, openWithinMs);
      }),
    );
    const { at, stallMs } = await fleet.hub.ask('joined', { count: workers });
    return Object.assign(fleet, { joined: at, stallMs });
  } catch (error) {
    fleet.kill();
    throw error;
  }
}
