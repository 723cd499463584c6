import { expect } from 'chai';
import fc from 'fast-check';
import {
  idle,
  type Rules,
  type SessionEvent,
  type SessionState,
  type Step,
} from '../../lib/session/state.js';
import { transition } from '../../lib/session/transition.js';

const timing = { intervalMs: 1_000, suspectAfterMs: 3_000, lostAfterMs: 10_000, stalledAfterMs: 2_000 };
const hub: Rules = { role: 'hub', timing };
const worker: Rules = { role: 'worker', timing };

type Attached = Extract<SessionState, { name: 'attached' }>;
type Detached = Extract<SessionState, { name: 'detached' }>;

const attached: Attached = {
  name: 'attached',
  link: 2,
  heardAt: 5_000,
  tickDueAt: 6_000,
  grade: 'alive',
  draining: false,
};
const suspect: Attached = { ...attached, grade: 'suspect' };
const detached: Detached = {
  name: 'detached',
  since: 5_500,
  heardAt: 5_000,
  tickDueAt: 6_000,
  grade: 'suspect',
  draining: false,
};
const ended: SessionState = { name: 'ended', cause: 'lost' };

const attach: SessionEvent = { type: 'attach', at: 6_000, link: 3 };
const heard: SessionEvent = { type: 'heard', at: 6_000, link: 2 };
const heardLate: SessionEvent = { type: 'heard', at: 6_000, link: 1 };
const detach: SessionEvent = { type: 'detach', at: 6_000, link: 2, cause: 'peer-lost' };
const detachLate: SessionEvent = { type: 'detach', at: 6_000, link: 1, cause: 'peer-lost' };
const draining: SessionEvent = { type: 'draining', link: 2 };
const drainingLate: SessionEvent = { type: 'draining', link: 1 };
const tick: SessionEvent = { type: 'tick', at: 6_000 };
const end: SessionEvent = { type: 'end', cause: 'closed' };

const joined: Attached = { ...attached, link: 3, heardAt: 6_000, tickDueAt: 7_000 };
const nothing = (state: SessionState): Step => ({ state, effects: [] });

type Row = readonly [before: SessionState, event: SessionEvent, after: Step];

/** Every pair of a state and an event, with its grade where that makes a difference. */
const table: readonly Row[] = [
  [idle, attach, { state: joined, effects: [] }],
  [idle, heard, nothing(idle)],
  [idle, detach, nothing(idle)],
  [idle, draining, nothing(idle)],
  [idle, tick, nothing(idle)],
  [
    idle,
    end,
    { state: { name: 'ended', cause: 'closed' }, effects: [{ do: 'end', cause: 'closed', silentMs: 0 }] },
  ],

  [attached, attach, { state: joined, effects: [{ do: 'drop-link', link: 2, cause: 'replaced' }] }],
  [attached, heard, { state: { ...attached, heardAt: 6_000 }, effects: [] }],
  [attached, heardLate, nothing(attached)],
  [
    attached,
    detach,
    {
      state: { ...detached, since: 6_000 },
      effects: [{ do: 'grade', grade: 'suspect', cause: 'peer-lost', silentMs: 1_000 }],
    },
  ],
  [attached, detachLate, nothing(attached)],
  [attached, draining, { state: { ...attached, draining: true }, effects: [] }],
  [attached, drainingLate, nothing(attached)],
  [attached, tick, { state: { ...attached, tickDueAt: 7_000 }, effects: [{ do: 'beat', lateMs: 0 }] }],
  [
    attached,
    end,
    {
      state: { name: 'ended', cause: 'closed' },
      effects: [
        { do: 'drop-link', link: 2, cause: 'closed' },
        { do: 'end', cause: 'closed', silentMs: 0 },
      ],
    },
  ],

  [
    suspect,
    attach,
    {
      state: joined,
      effects: [
        { do: 'drop-link', link: 2, cause: 'replaced' },
        { do: 'grade', grade: 'alive', cause: 'attached', silentMs: 1_000 },
      ],
    },
  ],
  [
    suspect,
    heard,
    {
      state: { ...attached, heardAt: 6_000 },
      effects: [{ do: 'grade', grade: 'alive', cause: 'heard', silentMs: 1_000 }],
    },
  ],
  [suspect, heardLate, nothing(suspect)],
  [suspect, detach, { state: { ...detached, since: 6_000 }, effects: [] }],
  [suspect, detachLate, nothing(suspect)],
  [suspect, draining, { state: { ...suspect, draining: true }, effects: [] }],
  [suspect, drainingLate, nothing(suspect)],
  [suspect, tick, { state: { ...suspect, tickDueAt: 7_000 }, effects: [{ do: 'beat', lateMs: 0 }] }],
  [
    suspect,
    end,
    {
      state: { name: 'ended', cause: 'closed' },
      effects: [
        { do: 'drop-link', link: 2, cause: 'closed' },
        { do: 'end', cause: 'closed', silentMs: 0 },
      ],
    },
  ],

  [
    detached,
    attach,
    { state: joined, effects: [{ do: 'grade', grade: 'alive', cause: 'attached', silentMs: 1_000 }] },
  ],
  [detached, heard, nothing(detached)],
  [detached, detach, nothing(detached)],
  [detached, draining, nothing(detached)],
  [detached, tick, { state: { ...detached, tickDueAt: 7_000 }, effects: [] }],
  [
    detached,
    end,
    { state: { name: 'ended', cause: 'closed' }, effects: [{ do: 'end', cause: 'closed', silentMs: 0 }] },
  ],

  [ended, attach, nothing(ended)],
  [ended, heard, nothing(ended)],
  [ended, detach, nothing(ended)],
  [ended, draining, nothing(ended)],
  [ended, tick, nothing(ended)],
  [ended, end, nothing(ended)],
];

const named = (state: SessionState) => ('grade' in state ? `${state.name} (${state.grade})` : state.name);

describe('transition', () => {
  for (const [before, event, after] of table) {
    const late = 'link' in event && event.link === 1 ? ' of an earlier link' : '';
    const what =
      after.state === before && after.effects.length === 0
        ? 'changes nothing'
        : `gives ${named(after.state)}`;
    it(`${named(before)}, ${event.type}${late}: ${what}`, () => {
      expect(transition(before, event, hub)).to.deep.equal(after);
      // The two sides differ in what a long silence means, and in nothing else.
      expect(transition(before, event, worker)).to.deep.equal(after);
    });
  }

  it('covers every pair of a state and an event', () => {
    const pairs = new Set(table.map(([before, event]) => `${named(before)} ${event.type}`));
    expect(pairs.size).to.equal(5 * 6);
  });

  describe('a tick', () => {
    /** The effects of ticks on time, an interval apart, with nothing heard since 5,000. */
    const silence = (state: SessionState, rules: Rules, ticks: number): { at: number; step: Step }[] => {
      const steps: { at: number; step: Step }[] = [];
      let current = state;
      for (let at = 6_000; steps.length < ticks; at += 1_000) {
        const step = transition(current, { type: 'tick', at }, rules);
        current = step.state;
        steps.push({ at, step });
      }
      return steps;
    };
    const graded = (steps: { at: number; step: Step }[]) =>
      steps.flatMap(({ at, step }) =>
        step.effects.filter((effect) => effect.do !== 'beat').map((effect) => ({ at, ...effect })),
      );

    it('makes a silent worker suspect after 3 s and lost after 10 s, each once, for the hub', () => {
      expect(graded(silence(attached, hub, 12))).to.deep.equal([
        { at: 8_000, do: 'grade', grade: 'suspect', cause: 'silent', silentMs: 3_000 },
        { at: 15_000, do: 'drop-link', link: 2, cause: 'lost' },
        { at: 15_000, do: 'end', cause: 'lost', silentMs: 10_000 },
      ]);
    });

    it('lets a worker give up the link to a silent hub after 10 s, and keep the session', () => {
      const steps = silence(attached, worker, 12);
      expect(graded(steps)).to.deep.equal([
        { at: 8_000, do: 'grade', grade: 'suspect', cause: 'silent', silentMs: 3_000 },
        { at: 15_000, do: 'drop-link', link: 2, cause: 'silent' },
      ]);
      expect(steps.at(-1)?.step.state.name).to.equal('detached');
    });

    it('ends a session without a link after 10 s of silence for the hub, and never for a worker', () => {
      expect(graded(silence(detached, hub, 12))).to.deep.equal([
        { at: 15_000, do: 'end', cause: 'lost', silentMs: 10_000 },
      ]);
      expect(graded(silence(detached, worker, 30))).to.deep.equal([]);
    });

    it('that is late by more than an interval moves the deadlines by that much, once', () => {
      const late = transition(attached, { type: 'tick', at: 36_000 }, hub);
      expect(late.effects).to.deep.equal([
        { do: 'stalled-ourselves', lateMs: 30_000 },
        { do: 'beat', lateMs: 30_000 },
      ]);
      expect(late.state).to.deep.include({
        name: 'attached',
        grade: 'alive',
        heardAt: 35_000,
        tickDueAt: 37_000,
      });
      const next = transition(late.state, { type: 'tick', at: 37_000 }, hub);
      const last = transition(next.state, { type: 'tick', at: 38_000 }, hub);
      expect([next, last].map(({ effects }) => effects.at(-1))).to.deep.equal([
        { do: 'beat', lateMs: 0 },
        { do: 'grade', grade: 'suspect', cause: 'silent', silentMs: 3_000 },
      ]);
    });

    it('that is late by no more than an interval moves nothing: that is jitter', () => {
      const { state, effects } = transition(attached, { type: 'tick', at: 7_000 }, hub);
      expect(effects).to.deep.equal([{ do: 'beat', lateMs: 1_000 }]);
      expect(state).to.deep.include({ heardAt: 5_000, tickDueAt: 8_000 });
    });

    it('that is late makes nobody suspect for what may not have been read yet', () => {
      const quiet = { ...attached, heardAt: 5_000, tickDueAt: 7_500 };
      const late = transition(quiet, { type: 'tick', at: 8_400 }, hub);
      expect(late.effects).to.deep.equal([{ do: 'beat', lateMs: 900 }]);
      const next = transition(late.state, { type: 'tick', at: 9_400 }, hub);
      expect(next.effects.at(-1)).to.deep.include({ grade: 'suspect', silentMs: 4_400 });
    });

    it('judges by the time after which a peer is suspect as it is told at that step, and loses on time', () => {
      const rules = (suspectAfterMs: number): Rules => ({
        role: 'hub',
        timing: { ...timing, suspectAfterMs },
      });
      expect(graded(silence(attached, rules(1_500), 12)).map(({ at, do: what }) => [at, what])).to.deep.equal(
        [
          [7_000, 'grade'],
          [15_000, 'drop-link'],
          [15_000, 'end'],
        ],
      );
      expect(graded(silence(attached, rules(timing.lostAfterMs), 12)).map(({ at }) => at)).to.deep.equal([
        15_000, 15_000,
      ]);
    });

    it('never puts the last sign of life into the future', () => {
      const { state } = transition({ ...attached, heardAt: 35_500 }, { type: 'tick', at: 36_000 }, hub);
      expect(state).to.deep.include({ heardAt: 36_000 });
    });
  });

  describe('whatever happens', () => {
    const event = fc.oneof(
      fc.record({ type: fc.constant('attach' as const), gap: fc.nat(20_000) }),
      fc.record({ type: fc.constant('heard' as const), gap: fc.nat(4_000), back: fc.nat(2) }),
      fc.record({ type: fc.constant('detach' as const), gap: fc.nat(4_000), back: fc.nat(2) }),
      fc.record({ type: fc.constant('draining' as const), gap: fc.nat(10), back: fc.nat(2) }),
      fc.record({ type: fc.constant('tick' as const), gap: fc.nat(15_000) }),
      fc.record({ type: fc.constant('end' as const), gap: fc.constant(0) }),
    );
    const runs = fc.record({
      role: fc.constantFrom('hub' as const, 'worker' as const),
      steps: fc.array(event, { maxLength: 60 }),
    });

    /** Plays a run: times ascend, links count up as a session gives them, and news may be of an earlier one. */
    function* play({
      role,
      steps,
    }: {
      role: 'hub' | 'worker';
      steps: readonly { type: SessionEvent['type']; gap: number; back?: number }[];
    }) {
      let state: SessionState = idle;
      let at = 0;
      let links = 0;
      for (const { type, gap, back = 0 } of steps) {
        at += gap;
        if (type === 'attach') links += 1;
        const link = Math.max(1, links - back);
        const event: SessionEvent =
          type === 'tick'
            ? { type, at }
            : type === 'end'
              ? { type, cause: 'closed' }
              : type === 'draining'
                ? { type, link }
                : type === 'detach'
                  ? { type, at, link, cause: 'closed' }
                  : { type, at, link };
        const before = state;
        const step: Step = transition(before, event, { role, timing });
        state = step.state;
        yield { before, event, at, step };
      }
    }

    it('ends at most once, and says so once', () => {
      fc.assert(
        fc.property(runs, (run) => {
          let ends = 0;
          for (const { before, step } of play(run)) {
            ends += step.effects.filter((effect) => effect.do === 'end').length;
            if (before.name === 'ended') expect(step).to.deep.equal({ state: before, effects: [] });
          }
          expect(ends).to.be.at.most(1);
        }),
      );
    });

    it('drops each link at most once, and only the one it had', () => {
      fc.assert(
        fc.property(runs, (run) => {
          const dropped = new Set<number>();
          for (const { before, step } of play(run))
            for (const effect of step.effects) {
              if (effect.do !== 'drop-link') continue;
              expect(before).to.deep.include({ name: 'attached', link: effect.link });
              expect(dropped.has(effect.link)).to.equal(false);
              dropped.add(effect.link);
            }
        }),
      );
    });

    it('never lets a time run backwards, or ahead', () => {
      fc.assert(
        fc.property(runs, (run) => {
          for (const { before, at, step } of play(run)) {
            if (!('heardAt' in step.state)) continue;
            expect(step.state.heardAt).to.be.at.most(at);
            if ('heardAt' in before) expect(step.state.heardAt).to.be.at.least(before.heardAt);
            for (const effect of step.effects)
              if ('silentMs' in effect) expect(effect.silentMs).to.be.at.least(0);
          }
        }),
      );
    });

    it('takes no news of a link that was replaced', () => {
      fc.assert(
        fc.property(runs, (run) => {
          for (const { before, event, step } of play(run)) {
            if (!('link' in event) || event.type === 'attach') continue;
            if (before.name === 'attached' && before.link === event.link) continue;
            expect(step).to.deep.equal({ state: before, effects: [] });
          }
        }),
      );
    });

    it('tells each change of grade once', () => {
      fc.assert(
        fc.property(runs, (run) => {
          let told = 'alive';
          for (const { before, step } of play(run))
            for (const effect of step.effects) {
              if (effect.do !== 'grade') continue;
              expect(effect.grade, before.name).to.not.equal(told);
              told = effect.grade;
            }
        }),
      );
    });
  });
});
