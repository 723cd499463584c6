import { expect } from 'chai';
import type { Registration } from '../../lib/handler/registration.js';
import { type HandlerOptions, handler } from '../../lib/index.js';
import { Blockage } from '../../lib/session/blockage.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import { systemClock } from '../../lib/time/clock.js';
import { Bus, silent } from '../hub/bus.js';

const of = (type: string, plugin?: string, options: HandlerOptions = {}): Registration => ({
  ...handler(type, () => {}, options),
  ...(plugin === undefined ? {} : { plugin }),
});

/** A clock that stands still but for what a spec says that passes. */
function stage(stalledAfterMs = 1_000) {
  let at = 0;
  let asked = 0;
  const timers: { readonly at: number; readonly task: () => void }[] = [];
  const turns: (() => void)[] = [];
  const lines: string[] = [];
  const waiting = new Set<Registration>();
  const blockage = new Blockage({
    clock: {
      ...systemClock,
      now: () => {
        asked += 1;
        return at;
      },
      after: (ms, task) => {
        const timer = { at: at + ms, task };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
      soon: (task) => turns.push(task),
      atTurnEnd: (task) => turns.push(task),
    },
    log: { ...silent, warn: (text) => lines.push(text) },
    stalledAfterMs,
    inFlight: () => waiting,
  });
  return {
    blockage,
    lines,
    waiting,
    timers,
    asked: () => asked,
    /** What holds the loop for so long. */
    hold: (ms: number) => {
      at += ms;
    },
    /** One turn in which the lane starts works. */
    turn: (works: () => void, how: 'soon' | 'atTurnEnd' = 'soon') => {
      blockage.clock[how](works);
      for (const task of turns.splice(0)) task();
    },
    /** Fires what is due. */
    fire: () => {
      for (const timer of timers.filter((timer) => timer.at <= at)) {
        timers.splice(timers.indexOf(timer), 1);
        timer.task();
      }
    },
  };
}

describe('a handler that holds the event loop', () => {
  it('is named once, with its plugin, how long it took, and the way out', () => {
    const { blockage, lines, hold, turn } = stage();
    const render = of('render.frame', 'render');
    for (const ms of [2_400.4, 5_000])
      turn(() => {
        blockage.begins(render);
        hold(ms);
      });
    expect(lines).to.deep.equal([
      "handling 'render.frame' of plugin 'render' held the event loop for 2400 ms, and with it all else in this process: " +
        "give it run: 'thread', or let it yield now and then. Told once of each handler.",
    ]);
  });

  it('is not named below the limit', () => {
    const { blockage, lines, hold, turn } = stage();
    turn(() => {
      blockage.begins(of('quick'));
      hold(999);
    });
    expect(lines).to.deep.equal([]);
  });

  it('is known by a look in the middle of the turn, too', () => {
    const { blockage, lines, hold, turn } = stage();
    turn(() => {
      blockage.begins(of('slow'));
      hold(1_500);
      blockage.clock.now();
      blockage.begins(of('innocent'));
    }, 'atTurnEnd');
    expect(lines).to.have.lengthOf(1);
    expect(lines[0]).to.include("handling 'slow' held").and.not.include('innocent');
  });

  it('is one of those that were started between two looks, and nobody is blamed alone', () => {
    const { blockage, lines, hold, turn } = stage();
    const [a, b, c] = [of('a'), of('b', 'p'), of('c')];
    turn(() => {
      for (const one of [a, b]) blockage.begins(one);
      hold(3_000);
      blockage.begins(c);
    });
    expect(lines[0]).to.include(
      "handling one of 'a', 'b' of plugin 'p', 'c' held the event loop for 3000 ms",
    );
    // Alone it is certain.
    turn(() => {
      blockage.begins(b);
      hold(2_000);
    });
    expect(lines[1]).to.include("handling 'b' of plugin 'p' held");
    turn(() => {
      for (const one of [a, b]) blockage.begins(one);
      hold(3_000);
    });
    expect(lines).to.have.lengthOf(2);
  });

  it('is one of more than are kept, and that is said', () => {
    const { blockage, lines, hold, turn } = stage();
    turn(() => {
      for (let n = 0; n < 30; n += 1) blockage.begins(of('same'));
      hold(3_000);
    });
    expect(lines[0]).to.include("one of 'same', 'same', 'same', 'same' and 26 more");
  });

  it('is not the one that began in a turn before, nor is what holds the loop between two turns', () => {
    const { blockage, lines, hold, turn } = stage();
    turn(() => blockage.begins(of('before')));
    hold(10_000);
    turn(() => blockage.begins(of('after')));
    blockage.clock.now();
    hold(10_000);
    blockage.clock.now();
    expect(lines).to.deep.equal([]);
  });

  it('is asked for no more than twice a turn, however many works there are', () => {
    const { blockage, asked, turn } = stage();
    turn(() => {
      for (let n = 0; n < 64; n += 1) blockage.begins(of('many'));
    });
    expect(asked()).to.equal(2);
    turn(() => {});
    expect(asked()).to.equal(3);
  });

  describe('after it has waited', () => {
    it('is one of those in flight: nobody is blamed alone', () => {
      const { blockage, lines, waiting, hold, fire } = stage();
      const [a, b] = [of('a'), of('b')];
      for (const one of [a, b]) {
        waiting.add(one);
        blockage.waits();
      }
      hold(2_000);
      fire();
      expect(lines).to.have.lengthOf(1);
      expect(lines[0]).to.include('stood still for 1875 ms while no handler began');
      expect(lines[0]).to.include(
        "('a', 'b'), or code outside of the handlers did, or the process was stopped",
      );
      hold(2_000);
      fire();
      expect(lines).to.have.lengthOf(1);
    });

    it('is among them also when it has ended with what it computed', () => {
      const { blockage, lines, waiting, hold, fire } = stage();
      const [a, b] = [of('a'), of('b')];
      waiting.add(a).add(b);
      blockage.waits();
      hold(2_000);
      waiting.delete(b);
      blockage.ended(b);
      fire();
      expect(lines[0]).to.include("('a', 'b')");
    });

    it('is told of at once when nothing waits any more', () => {
      const { blockage, lines, waiting, timers, hold } = stage();
      const a = of('a');
      waiting.add(a);
      blockage.waits();
      hold(2_000);
      waiting.delete(a);
      blockage.ended(a);
      expect(lines[0]).to.include("('a')");
      expect(timers).to.have.lengthOf(0);
    });

    it('is not one that had ended before, or that runs elsewhere', () => {
      const { blockage, lines, waiting, hold, fire } = stage();
      const thread = { ...of('thread'), options: { run: 'thread' } };
      waiting.add(of('a')).add(thread);
      for (let n = 0; n < 3; n += 1) blockage.waits();
      blockage.ended(of('gone'));
      hold(130);
      fire();
      hold(2_000);
      fire();
      expect(lines[0]).to.include("('a')").and.not.include('gone').and.not.include('thread,');
    });

    it('is nobody when the handler that had just begun explains it', () => {
      const { blockage, lines, waiting, hold, turn, fire } = stage();
      waiting.add(of('innocent'));
      blockage.waits();
      turn(() => {
        blockage.begins(of('slow'));
        hold(2_000);
      });
      fire();
      expect(lines).to.have.lengthOf(1);
      expect(lines[0]).to.include("handling 'slow'");
    });

    it('is watched for while something is in flight, and no longer', () => {
      const { blockage, timers, hold, fire } = stage();
      const a = of('a');
      blockage.waits();
      blockage.waits();
      expect(timers).to.have.lengthOf(1);
      blockage.ended(a);
      hold(125);
      fire();
      expect(timers).to.have.lengthOf(1);
      blockage.ended(a);
      expect(timers).to.have.lengthOf(0);
      blockage.waits();
      blockage.close();
      expect(timers).to.have.lengthOf(0);
      blockage.waits();
      expect(timers).to.have.lengthOf(0);
    });
  });

  describe('on a bus', () => {
    for (const where of ['hub', 'worker'] as const)
      it(`is named on a ${where}, without a pulse`, async () => {
        const base = virtualClock();
        let heldMs = 0;
        const lines: string[] = [];
        const options = {
          clock: { ...base, now: () => base.now() + heldMs },
          log: { ...silent, warn: (text: string) => lines.push(text) },
          handlers: [
            handler('fine', () => 1),
            handler('slow', () => {
              heldMs += 2_500;
            }),
          ],
        };
        const bus = await Bus.of(where === 'hub' ? options : {}, {
          id: 'w1',
          ...(where === 'worker' ? options : {}),
        });
        const ask = (type: string) =>
          where === 'hub' ? bus.workers[0]?.request(type, 1) : bus.hub.request('w1', type, 1);
        for (const type of ['fine', 'slow', 'slow']) {
          const asked = ask(type);
          await base.advance(1);
          await bus.settled(Promise.resolve(asked));
        }
        expect(lines).to.have.lengthOf(1);
        expect(lines[0]).to.include("handling 'slow' held the event loop for 2500 ms");
        await bus.close();
        await base.advance(60_000);
      });
  });
});
