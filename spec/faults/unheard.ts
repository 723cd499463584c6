// True deaths with default timings, ten times each: cases of pulse.spec.ts.
import { expect } from 'chai';
import { eventually, failure, sleep } from '../bus/moment.js';
import { beat, noise, Scene } from './scene.js';

const rounds = 10;

/**
 * Lost within the bound: what was heard last may be older than the death by what was on its way, and time in which the hub
 * itself was held up does not count.
 */
export function inTime(lostAfterDeathMs: number, round: number, heldUpMs = 0): void {
  expect(lostAfterDeathMs, `lost after the death of round ${round}`).to.be.within(
    beat.lostAfterMs - 2 * beat.intervalMs,
    beat.lostAfterMs + beat.intervalMs + noise + heldUpMs,
  );
}

/** What is told of a worker that was lost and came back. What its old connection still brings is fenced, too. */
export const cameBack = /^suspect lost( fenced)+$/;

/** Calls of each verb, none of which may end in any other way, nor twice. */
export function asked(scene: Scene, id: string) {
  const ends: string[] = [];
  const call = (promise: Promise<unknown>) => {
    promise.catch(() => ends.push('rejected'));
    return failure(promise, 60_000);
  };
  const calls = [
    call(scene.hub.request(id, 'hang', 0, { timeoutMs: 120_000 })),
    call(scene.hub.send(id, 'hang', 0, { timeoutMs: 120_000 })),
    call(scene.hub.stream(id, 'tail', 0, { timeoutMs: 120_000 }).forEach(() => {})),
  ];
  return async () => {
    for (const error of await Promise.all(calls)) {
      expect(error).to.include({ code: 'peer-lost', retryable: true });
      expect(error.details.delivery).to.be.oneOf(['unknown', 'not-sent']);
    }
    expect(ends).to.have.lengthOf(calls.length);
  };
}

export const killed = (): Promise<void> =>
  Scene.run(async (scene) => {
    for (let round = 1; round <= rounds; round++) {
      const victim = await scene.child(['w1']);
      const since = scene.now();
      victim.signal('SIGSTOP');
      const ended = asked(scene, 'w1');
      await sleep(100);
      const at = Date.now();
      victim.signal('SIGKILL');
      expect((await scene.event('suspect', 'w1', since)).at - at, 'suspect').to.be.below(noise);
      inTime((await scene.event('lost', 'w1', since)).at - at, round, scene.heldUpMs(since));
      await ended();
      expect(scene.told('w1', since)).to.deep.equal(['suspect', 'lost']);
    }
  });

export const stopped = (): Promise<void> =>
  Scene.run(async (scene) => {
    const victim = await scene.child(['w1']);
    for (let round = 1; round <= rounds; round++) {
      const since = scene.now();
      const epoch = scene.epochOf('w1');
      const at = Date.now();
      victim.signal('SIGSTOP');
      const ended = asked(scene, 'w1');
      const suspect = await scene.event('suspect', 'w1', since);
      expect(suspect.cause).to.equal('silent');
      expect(suspect.at - at).to.be.within(
        beat.suspectAfterMs - 2 * beat.intervalMs,
        beat.suspectAfterMs + beat.intervalMs + noise,
      );
      inTime((await scene.event('lost', 'w1', since)).at - at, round, scene.heldUpMs(since));
      await ended();
      await sleep(500);
      const told = victim.told.length;
      victim.signal('SIGCONT');
      expect(await scene.event('fenced', 'w1', since)).to.include({ epoch });
      await scene.event('joined', 'w1', since);
      await scene.pulses('w1');
      expect(scene.epochOf('w1')).to.not.equal(epoch);
      // It is told that its link is over, and of the epoch that it has from now on.
      const later = () => victim.told.slice(told);
      await eventually('a worker that knows', () =>
        later().find((event) => event.kind === 'connected' && event.epoch === scene.epochOf('w1')),
      );
      expect(later().map(({ kind }) => kind)).to.include('disconnected');
      expect(await scene.hub.request('w1', 'pid', 0)).to.equal(victim.pid);
      expect(scene.told('w1', since).join(' ')).to.match(cameBack);
    }
  });

export const halfOpen = (): Promise<void> =>
  Scene.run(async (scene) => {
    const cable = await scene.cable();
    const victim = await scene.child(['w1'], cable.address);
    for (let round = 1; round <= rounds; round++) {
      const since = scene.now();
      const epoch = scene.epochOf('w1');
      const at = Date.now();
      // Every other time the worker goes on hearing what the hub says, until that has given it up.
      cable.stall(true, round % 2 === 0 ? 'to hub' : undefined);
      const ended = asked(scene, 'w1');
      expect(await scene.event('suspect', 'w1', since)).to.include({ cause: 'silent' });
      inTime((await scene.event('lost', 'w1', since)).at - at, round, scene.heldUpMs(since));
      await ended();
      cable.stall(false);
      await scene.event('joined', 'w1', since);
      await scene.pulses('w1');
      expect(scene.epochOf('w1')).to.not.equal(epoch);
      expect(await scene.hub.request('w1', 'pid', 0)).to.equal(victim.pid);
      expect(scene.told('w1', since).join(' ')).to.match(cameBack);
    }
  });
