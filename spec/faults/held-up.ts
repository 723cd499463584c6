// The hub itself is held up, or its lane is full: cases of pulse.spec.ts, with default timings.
import { expect } from 'chai';
import { type Context, handler } from '../../lib/index.js';
import { Child } from '../bus/child.js';
import { eventually, sleep } from '../bus/moment.js';
import { beat, Scene } from './scene.js';
import { inTime } from './unheard.js';

const heldMs = 8_000;
const names = (first: string, count: number) => Array.from({ length: count }, (_, n) => `${first}${n}`);

/** 200 workers in a few processes, with pulses and without; three more are killed while the hub is held up. */
export async function hubHeldUp(): Promise<void> {
  const children: Child[] = [];
  const begin = async (program: URL | 'busy', argument: object) => {
    const child = new Child(program, argument);
    children.push(child);
    return child.tells('ready', ({ ready }) => ready === true, 120_000);
  };
  try {
    const { address } = await begin(new URL('./program/held-hub.js', import.meta.url), {
      listen: '127.0.0.1:0',
    });
    const hub = children[0] as Child;
    const crowds = [names('a', 50), names('b', 50), names('c', 50)];
    const victims = names('victim', 3);
    for (const ids of [...crowds, ...victims.map((id) => [id])]) await begin('busy', { hub: address, ids });
    const killed = children.slice(-victims.length);
    await begin('busy', { hub: address, ids: names('without', 50), pulse: false });
    const heard = async (what: string, say: object, fits: (told: Child['told'][number]) => boolean) => {
      const told = hub.told.length;
      hub.say(say as never);
      return eventually(what, () => hub.told.slice(told).find(fits), 5_000);
    };
    const pulses = crowds.flat().length + victims.length;
    for (let tries = 0; ; tries++) {
      const told = await heard('pulses', { ask: 'pulses' }, (told) => 'pulses' in told);
      if (told.pulses === pulses) break;
      if (tries > 30) throw new Error(`${told.pulses} pulses of ${pulses}`);
      await sleep(500);
    }
    await sleep(2 * beat.intervalMs);

    const since = hub.told.length;
    const told = (kind: string) => hub.told.slice(since).filter((event) => event.kind === kind);
    hub.say({ hold: heldMs });
    for (const process of killed) {
      await sleep(heldMs / 4);
      process.signal('SIGKILL');
    }
    const held = await hub.tells('that it goes on', (event) => event.held === true, 2 * heldMs);
    await eventually('the verdicts', () => told('lost').length >= victims.length, 3 * beat.lostAfterMs).catch(
      () => expect.fail(`after ${JSON.stringify(held)} was told ${JSON.stringify(hub.told.slice(since))}`),
    );
    // Whatever held it up later, as a busy machine does, was no running time of it either.
    const heldUpMs = told('lagged')
      .filter((event) => Number(event.at) > Number(held.to) + beat.intervalMs)
      .reduce((sum, { afterMs }) => sum + Number(afterMs), 0);
    for (const { at, worker } of told('lost'))
      inTime(Number(at) - Number(held.to), victims.indexOf(String(worker)), heldUpMs);
    await sleep(2 * beat.intervalMs);
    expect(told('suspect').map(({ worker }) => worker)).to.have.members(victims);
    expect(told('lost').map(({ worker }) => worker)).to.have.members(victims);
    expect(told('joined')).to.deep.equal([]);
    const lagged = told('lagged').filter(({ afterMs }) => Number(afterMs) > heldMs / 2);
    expect(lagged, 'one event about it').to.have.lengthOf(1);
    const { stories } = await heard('stories', { ask: 'stories' }, (event) => 'stories' in event);
    for (const [id, story] of Object.entries(stories as Record<string, string[]>))
      if (!victims.includes(id)) expect(story, id).to.have.lengthOf(1);
    expect(Object.keys(stories as object)).to.have.lengthOf(200 + victims.length);
  } finally {
    for (const child of children.reverse()) await child.end();
  }
}

// Many, since one type alone is held back long before.
const types = names('hang', 64);

/** Ends with its sender and no earlier. */
const held = (_: unknown, { signal }: Context) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

/** Two workers die while nothing leaves the hub's lane: one is killed, one stopped. Both had filled it. */
export const laneFull = (): Promise<void> =>
  Scene.run(
    async (scene) => {
      for (let round = 1; round <= 3; round++) {
        const [one, other] = [await scene.child(['w1']), await scene.child(['w2'])];
        for (const child of [one, other]) child.say({ types, count: 50 });
        const { lane } = scene.hub.stats();
        await eventually('a full lane', () => scene.hub.stats().lane.queued >= lane.capacity, 10_000);
        const since = scene.now();
        const at = Date.now();
        one.signal('SIGKILL');
        other.signal('SIGSTOP');
        for (const id of ['w1', 'w2'])
          inTime((await scene.event('lost', id, since)).at - at, round, scene.heldUpMs(since));
        for (const id of ['w1', 'w2']) expect(scene.told(id, since)).to.deep.equal(['suspect', 'lost']);
        await other.end();
      }
    },
    {
      lane: { concurrency: 2, capacity: 64, capacityBytes: 1024 * 1024 },
      handlers: types.map((type) => handler(type, held, { timeoutMs: 600_000 })),
    },
  );
