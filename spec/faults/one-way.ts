// One of a worker's two connections fails, or its event loop stands still: cases of pulse.spec.ts, with default timings.
import { expect } from 'chai';
import { eventually, sleep } from '../bus/moment.js';
import { beat, isLink, isPulse, noise, Scene } from './scene.js';

const rounds = 10;

/** Numbers sent one by one for as long as the case runs; at the end each was handled once. */
function counting(scene: Scene, id: string, round = 0) {
  const name = (number: number) => `${id} ${round} ${number}`;
  let n = 0;
  let ends = false;
  const made = (async () => {
    const sent: Promise<void>[] = [];
    while (!ends && !scene.over) {
      sent.push(scene.hub.send(id, 'count', name(n++), { timeoutMs: 120_000 }));
      sent.at(-1)?.catch(() => {});
      await sleep(50);
    }
    await Promise.all(sent);
  })();
  made.catch(() => {});
  return async () => {
    ends = true;
    await made;
    // What is accepted is not handled yet, and no order holds between types.
    for (let tries = 0; ; tries++) {
      const counts = (await scene.hub.request(id, 'counts', 0)) as Record<string, number>;
      const times = Array.from({ length: n }, (_, sent) => `${name(sent)}: ${counts[name(sent)] ?? 0} times`);
      const wrong = times.filter((text) => !text.endsWith(': 1 times'));
      if (wrong.length === 0) return;
      if (tries === 20) expect(wrong, 'not handled once').to.deep.equal([]);
      await sleep(100);
    }
  };
}

/** `by`: who is said to hold the loop. */
export const busy = (type: string, computeMs: number, by: string) => (): Promise<void> =>
  Scene.run(async (scene) => {
    const process = await scene.child(['w1', 'w2']);
    const epoch = scene.epochOf('w1');
    const asked = scene.hub.request('w1', type, computeMs, { timeoutMs: computeMs + 60_000 });
    asked.catch(() => {});
    // A beat over the pulse has a time of its own, and there is no other while the loop stands still.
    const beats = { w1: new Set<number>(), w2: new Set<number>() };
    let over = false;
    const note = () => {
      for (const id of ['w1', 'w2'] as const) {
        const { load } = scene.hub.workers.get(id) ?? {};
        if (load && (load.stillMs ?? 0) > beat.intervalMs) beats[id].add(load.at);
      }
    };
    const watching = (async () => {
      while (!over && !scene.over) {
        note();
        await sleep(50);
      }
    })();
    const stalled = await scene.event('stalled', 'w1', 0);
    expect(stalled.cause).to.include(`${type} of plugin 'studio'`);
    expect(scene.hub.workers.get('w1')?.stalledBy).to.equal(by);
    expect(await asked).to.equal('rendered');
    over = true;
    await watching;
    const { at } = await process.tells('that it ran', ({ running }) => running === type);
    expect(stalled.at - Number(at)).to.be.within(
      beat.stalledAfterMs - beat.intervalMs,
      beat.stalledAfterMs + 2 * beat.intervalMs + noise,
    );
    for (const id of ['w1', 'w2'] as const) {
      await scene.event('recovered', id, 0);
      expect(scene.told(id), id).to.deep.equal(['stalled', 'recovered']);
      // One beat may be missed; the one before the loop had stood still for an interval and two at the edges do not count.
      expect(beats[id].size, `beats of ${id}`).to.be.at.least(computeMs / beat.intervalMs - 1 - 3);
    }
    expect(scene.epochOf('w1')).to.equal(epoch);
    expect(process.told.filter(({ kind }) => kind === 'disconnected')).to.deep.equal([]);
  });

export const linkHalfOpen = (): Promise<void> =>
  Scene.run(async (scene) => {
    const cable = await scene.cable();
    const victim = await scene.child(['w1'], cable.address);
    const epoch = scene.epochOf('w1');
    const counted = counting(scene, 'w1');
    for (let round = 1; round <= rounds; round++) {
      const since = scene.now();
      const at = Date.now();
      expect(cable.deaden(isLink), 'main links').to.equal(1);
      const suspect = await scene.event('suspect', 'w1', since);
      expect(suspect).to.include({ cause: 'link' });
      expect(suspect.at - at).to.be.within(
        beat.suspectAfterMs - 2 * beat.intervalMs,
        beat.suspectAfterMs + beat.intervalMs + noise,
      );
      // The end of the old link cannot come through: the worker knows of it by its pulse, long before its own silence
      // would tell.
      const back = await scene.event('recovered', 'w1', since);
      expect(back).to.include({ cause: 'attached' });
      expect(back.at - suspect.at, 'until it is back').to.be.below(noise);
      await sleep(beat.intervalMs);
      expect(scene.told('w1', since)).to.deep.equal(['suspect', 'recovered']);
    }
    expect(scene.epochOf('w1')).to.equal(epoch);
    await counted();
    expect(await scene.hub.request('w1', 'pid', 0)).to.equal(victim.pid);
  });

export const linkCutWhileStill = (): Promise<void> =>
  Scene.run(async (scene) => {
    const cable = await scene.cable();
    await scene.child(['w1'], cable.address);
    const epoch = scene.epochOf('w1');
    for (let round = 1; round <= rounds; round++) {
      const since = scene.now();
      const asked = scene.hub.request('w1', 'wait.disk', 15_000, { timeoutMs: 60_000 });
      asked.catch(() => {});
      expect(await scene.event('stalled', 'w1', since)).to.include({ type: 'wait.disk' });
      const counted = counting(scene, 'w1', round);
      await sleep(round * 100);
      // Gone with a reset, or half open: either way the hub hears of it before the worker can.
      const half = round % 2 === 0;
      expect(half ? cable.deaden(isLink) : cable.cut(isLink), 'main links').to.equal(1);
      expect(await asked).to.equal('written');
      await counted();
      await eventually('it is alive', () => scene.hub.workers.get('w1')?.liveness === 'alive');
      // A link that is half open is judged once the loop turns again, and says nothing of the time before.
      expect(scene.told('w1', since)).to.deep.equal(
        half ? ['stalled', 'recovered', 'suspect', 'recovered'] : ['stalled', 'recovered'],
      );
      expect(scene.epochOf('w1')).to.equal(epoch);
    }
  });

export const pulseCut = (): Promise<void> =>
  Scene.run(async (scene) => {
    const cable = await scene.cable();
    await scene.child(['w1'], cable.address);
    const epoch = scene.epochOf('w1');
    const counted = counting(scene, 'w1');
    for (let round = 1; round <= rounds; round++) {
      const half = round % 2 === 0;
      expect(half ? cable.deaden(isPulse) : cable.cut(isPulse), 'pulses').to.equal(1);
      const connections = cable.count;
      // A pulse that is half open is given up after lostAfterMs, by either side.
      await eventually(
        'another pulse',
        () => cable.count > connections,
        half ? beat.lostAfterMs + 2 * beat.intervalMs + noise : 5_000,
      );
      await sleep(2 * beat.intervalMs);
      await scene.pulses('w1');
      expect(scene.told('w1')).to.deep.equal([]);
    }
    expect(scene.epochOf('w1')).to.equal(epoch);
    await counted();
  });
