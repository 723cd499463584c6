import { Child } from '../child.mjs';
import { openFleet } from '../fleet.mjs';

/** How long a new process takes to have its library, and then one worker, and how much memory. */
export const startUp = (pulse) => async (contestant, _size, options) => {
  const fleet = await openFleet(contestant, { workers: 1, processes: 1 }, options);
  let child;
  return {
    warmUp: async () => {},
    async round() {
      const { flags } = options;
      child = new Child(`worker of ${contestant.name}`, './start-up.mjs', {
        flags: [...flags, '--expose-gc'],
      });
      const { address } = fleet;
      await child.report('reply', 'start');
      const { importMs, importMB, joinMs, workerMB } = await child.ask('start', {
        module: contestant.fleet.href,
        address,
        pulse,
      });
      await fleet.hub.ask('joined', { count: 2 });
      await child.close();
      return {
        'import, ms': importMs,
        'import, MB': importMB,
        'worker joined, ms': joinMs,
        'worker, MB': workerMB,
      };
    },
    close: fleet.close,
    kill: () => {
      fleet.kill();
      child?.kill();
    },
  };
};
