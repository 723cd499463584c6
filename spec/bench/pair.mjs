import { Child } from './child.mjs';

/**
 * A contestant's hub and client, connected, each in a process of its own.
 * @param {import('./contestants.mjs').Contestant} contestant
 * @param {{ size: number, handler: 'sync' | 'promise' | 'slow', beatMs?: number, pulse?: boolean }} how
 * @param {{ flags: string[], sabotage?: string }} options
 */
export async function openPair(contestant, how, { flags, sabotage }) {
  const side = (/** @type {'hub' | 'client'} */ role) =>
    new Child(`${role} of ${contestant.name}`, './side.mjs', { args: [role, contestant[role].href], flags });
  const hub = side('hub');
  const client = side('client');
  const kill = () => {
    hub.kill();
    client.kill();
  };
  let closing = false;
  const close = async () => {
    closing = true;
    await client.close();
    await hub.close();
  };
  // When one dies, nobody has to wait for what the other would have said.
  for (const child of [hub, client]) child.process.on('exit', () => !closing && kill());
  const command = { ...how, sabotage };
  try {
    await Promise.all([hub.report('reply', 'start'), client.report('reply', 'start')]);
    const { address } = await hub.ask('open', command);
    await Promise.all([client.ask('open', { ...command, address }), hub.report('ready')]);
  } catch (error) {
    kill();
    throw error;
  }
  return { contestant, hub, client, close, kill };
}

/** @typedef {Awaited<ReturnType<typeof openPair>>} Pair */

/** The processes of a pair, for a profile. */
export const sidesOf = ({ hub, client }) => ({ hub, workers: [client] });

/** What `receiver` got of a load, once all of it came; fails if anything is missing, wrong or too much. */
export async function arrival(/** @type {Child} */ receiver) {
  const { at, problem } = await receiver.report('received');
  if (problem) throw new Error(problem);
  const { extra } = await receiver.ask('rest');
  if (extra !== 0) throw new Error(`${extra} messages more than were sent`);
  return at;
}
