import { expect } from 'chai';
import fc from 'fast-check';
import {
  idle,
  type Rules,
  type SessionEffect,
  type SessionEvent,
  type SessionState,
  type Stall,
  type Step,
  type Timings,
} from '../../lib/session/state.js';
import { transition } from '../../lib/session/transition.js';

const timing = { intervalMs: 1_000, suspectAfterMs: 3_000, lostAfterMs: 10_000, stalledAfterMs: 2_000 };
const hub: Rules = { role: 'hub', timing };
const worker: Rules = { role: 'worker', timing };

type Attached = Extract<SessionState, { name: 'attached' }>;
type Detached = Extract<SessionState, { name: 'detached' }>;
type GradeEffect = Extract<SessionEffect, { do: 'grade' }>;

const living = {
  heardAt: 5_000,
  linkAt: 5_000,
  excusedAt: 0,
  tickDueAt: 6_000,
  verdict: { grade: 'alive' },
  draining: false,
  pulse: undefined,
} as const;
const attached: Attached = { name: 'attached', link: 2, ...living };
const suspectVerdict = { grade: 'suspect', of: 'process' } as const;
const suspect: Attached = { ...attached, verdict: suspectVerdict };
const detached: Detached = { name: 'detached', since: 5_500, ...living, verdict: suspectVerdict };
const ended: SessionState = { name: 'ended', cause: 'lost' };

const render = [{ type: 'render.frame', plugin: '', running: true }];
const stall: Stall = { since: 3_000, by: render, overLimit: false };
const pulse = { number: 4, open: true, heardAt: 5_000 };
const closedPulse = { ...pulse, open: false };
const pulsing: Attached = { ...attached, pulse };
const stalled: Attached = { ...pulsing, verdict: { grade: 'stalled', stall } };
const away: Detached = { name: 'detached', since: 5_500, ...living, pulse };
const awayStalled: Detached = { ...away, verdict: { grade: 'stalled', stall } };
const cutOff: Detached = { ...away, verdict: { grade: 'suspect', of: 'link' } };
const silentAway: Detached = { ...away, verdict: suspectVerdict };

const attach: SessionEvent = { type: 'attach', at: 6_000, link: 3 };
const heard: SessionEvent = { type: 'heard', at: 6_000, link: 2 };
const heardLate: SessionEvent = { type: 'heard', at: 6_000, link: 1 };
const detach: SessionEvent = { type: 'detach', at: 6_000, link: 2, cause: 'peer-lost' };
const detachLate: SessionEvent = { type: 'detach', at: 6_000, link: 1, cause: 'peer-lost' };
const draining: SessionEvent = { type: 'draining', link: 2 };
const drainingLate: SessionEvent = { type: 'draining', link: 1 };
const tick: SessionEvent = { type: 'tick', at: 6_000 };
const end: SessionEvent = { type: 'end', at: 6_000, cause: 'closed' };
const pulseAttach: SessionEvent = { type: 'pulse-attach', at: 6_000, pulse: 5 };
const pulsed: SessionEvent = { type: 'pulsed', at: 6_000, pulse: 4, stillMs: 100, delayMs: 0, holders: [] };
const pulsedLate: SessionEvent = { ...pulsed, pulse: 3 };
const pulsedStill: SessionEvent = { ...pulsed, stillMs: 2_500, holders: render };
const pulseDetach: SessionEvent = { type: 'pulse-detach', at: 6_000, pulse: 4, cause: 'closed' };
const pulseDetachLate: SessionEvent = { ...pulseDetach, pulse: 3 };

const joined: Attached = {
  ...attached,
  link: 3,
  heardAt: 6_000,
  linkAt: 6_000,
  excusedAt: 6_000,
  tickDueAt: 7_000,
};
const silentFor = (ms: number): Timings => ({ silentMs: ms, linkSilentMs: ms, stillMs: 0, by: [] });
/** A second after anything was heard. */
const second = silentFor(1_000);
const still = { ...second, stillMs: 3_000, by: render };
const nothing = (state: SessionState): Step => ({ state, effects: [] });
const grade = (to: GradeEffect['grade'], cause: string, timings = second): SessionEffect => ({
  do: 'grade',
  grade: to,
  cause,
  timings,
});
const over = (...dropped: SessionEffect[]): Step => ({
  state: { name: 'ended', cause: 'closed' },
  effects: [...dropped, { do: 'end', cause: 'closed', timings: second }],
});
const dropLink = (cause: string): SessionEffect => ({ do: 'drop-link', link: 2, cause });
const dropPulse = (cause: string): SessionEffect => ({ do: 'drop-pulse', pulse: 4, cause });

const opened = { number: 5, open: true, heardAt: 6_000 };
const beaten = { ...pulse, heardAt: 6_000 };
/** Held since half a second before the last beat: the second beat counts back further. */
const stillStanding = { grade: 'stalled', stall: { since: 3_000, by: render, overLimit: false } } as const;
const nowStanding = { grade: 'stalled', stall: { since: 3_500, by: render, overLimit: false } } as const;

type Row = readonly [before: SessionState, event: SessionEvent, after: Step];

/** Every pair of a state and an event, with its grade and its pulse where these make a difference. */
const table: readonly Row[] = [
  [idle, attach, { state: joined, effects: [] }],
  [idle, heard, nothing(idle)],
  [idle, detach, nothing(idle)],
  [idle, draining, nothing(idle)],
  [idle, pulseAttach, nothing(idle)],
  [idle, pulsed, nothing(idle)],
  [idle, pulseDetach, nothing(idle)],
  [idle, tick, nothing(idle)],
  [
    idle,
    end,
    {
      state: { name: 'ended', cause: 'closed' },
      effects: [{ do: 'end', cause: 'closed', timings: silentFor(0) }],
    },
  ],

  [attached, attach, { state: joined, effects: [dropLink('replaced')] }],
  [attached, heard, { state: { ...attached, heardAt: 6_000, linkAt: 6_000 }, effects: [] }],
  [attached, heardLate, nothing(attached)],
  [attached, detach, { state: { ...detached, since: 6_000 }, effects: [grade('suspect', 'peer-lost')] }],
  [attached, detachLate, nothing(attached)],
  [attached, draining, { state: { ...attached, draining: true }, effects: [] }],
  [attached, drainingLate, nothing(attached)],
  [
    attached,
    pulseAttach,
    { state: { ...attached, heardAt: 6_000, excusedAt: 6_000, pulse: opened }, effects: [] },
  ],
  [attached, pulsed, nothing(attached)],
  [attached, pulseDetach, nothing(attached)],
  [attached, tick, { state: { ...attached, tickDueAt: 7_000 }, effects: [{ do: 'beat', lateMs: 0 }] }],
  [attached, end, over(dropLink('closed'))],

  [suspect, attach, { state: joined, effects: [dropLink('replaced'), grade('alive', 'attached')] }],
  [
    suspect,
    heard,
    { state: { ...attached, heardAt: 6_000, linkAt: 6_000 }, effects: [grade('alive', 'heard')] },
  ],
  [suspect, heardLate, nothing(suspect)],
  [suspect, detach, { state: { ...detached, since: 6_000 }, effects: [] }],
  [suspect, detachLate, nothing(suspect)],
  [suspect, draining, { state: { ...suspect, draining: true }, effects: [] }],
  [suspect, drainingLate, nothing(suspect)],
  [
    suspect,
    pulseAttach,
    {
      state: { ...attached, heardAt: 6_000, excusedAt: 6_000, pulse: opened },
      effects: [grade('alive', 'heard')],
    },
  ],
  [suspect, pulsed, nothing(suspect)],
  [suspect, pulseDetach, nothing(suspect)],
  [suspect, tick, { state: { ...suspect, tickDueAt: 7_000 }, effects: [{ do: 'beat', lateMs: 0 }] }],
  [suspect, end, over(dropLink('closed'))],

  [detached, attach, { state: joined, effects: [grade('alive', 'attached')] }],
  [detached, heard, nothing(detached)],
  [detached, detach, nothing(detached)],
  [detached, draining, nothing(detached)],
  [
    detached,
    pulseAttach,
    {
      state: { ...detached, verdict: { grade: 'alive' }, heardAt: 6_000, excusedAt: 6_000, pulse: opened },
      effects: [grade('alive', 'heard')],
    },
  ],
  [detached, pulsed, nothing(detached)],
  [detached, pulseDetach, nothing(detached)],
  [detached, tick, { state: { ...detached, tickDueAt: 7_000 }, effects: [] }],
  [detached, end, over()],

  [pulsing, attach, { state: { ...joined, pulse }, effects: [dropLink('replaced')] }],
  [pulsing, heard, { state: { ...pulsing, heardAt: 6_000, linkAt: 6_000 }, effects: [] }],
  [pulsing, heardLate, nothing(pulsing)],
  [pulsing, detach, { state: { ...away, since: 6_000 }, effects: [] }],
  [pulsing, detachLate, nothing(pulsing)],
  [pulsing, draining, { state: { ...pulsing, draining: true }, effects: [] }],
  [pulsing, drainingLate, nothing(pulsing)],
  [
    pulsing,
    pulseAttach,
    { state: { ...pulsing, heardAt: 6_000, pulse: opened }, effects: [dropPulse('replaced')] },
  ],
  [pulsing, pulsed, { state: { ...pulsing, heardAt: 6_000, pulse: beaten }, effects: [] }],
  [pulsing, pulsedLate, nothing(pulsing)],
  [
    pulsing,
    pulsedStill,
    {
      state: { ...pulsing, heardAt: 6_000, excusedAt: 6_000, pulse: beaten, verdict: nowStanding },
      effects: [grade('stalled', 'stalled', { ...second, stillMs: 2_500, by: render })],
    },
  ],
  [pulsing, pulseDetach, { state: { ...pulsing, pulse: closedPulse }, effects: [] }],
  [pulsing, pulseDetachLate, nothing(pulsing)],
  [pulsing, tick, { state: { ...pulsing, tickDueAt: 7_000 }, effects: [{ do: 'beat', lateMs: 0 }] }],
  [pulsing, end, over(dropLink('closed'), dropPulse('closed'))],

  [
    stalled,
    attach,
    { state: { ...joined, pulse }, effects: [dropLink('replaced'), grade('alive', 'attached', still)] },
  ],
  [stalled, heard, { state: { ...stalled, heardAt: 6_000, linkAt: 6_000 }, effects: [] }],
  [stalled, heardLate, nothing(stalled)],
  [stalled, detach, { state: { ...awayStalled, since: 6_000 }, effects: [] }],
  [stalled, detachLate, nothing(stalled)],
  [stalled, draining, { state: { ...stalled, draining: true }, effects: [] }],
  [stalled, drainingLate, nothing(stalled)],
  [
    stalled,
    pulseAttach,
    { state: { ...stalled, heardAt: 6_000, pulse: opened }, effects: [dropPulse('replaced')] },
  ],
  [
    stalled,
    pulsed,
    {
      state: { ...pulsing, heardAt: 6_000, pulse: beaten },
      effects: [grade('alive', 'ticking', { ...still, stillMs: 2_900 })],
    },
  ],
  [stalled, pulsedLate, nothing(stalled)],
  [
    stalled,
    pulsedStill,
    {
      state: { ...stalled, heardAt: 6_000, excusedAt: 6_000, pulse: beaten, verdict: stillStanding },
      effects: [],
    },
  ],
  [stalled, pulseDetach, { state: { ...stalled, pulse: closedPulse }, effects: [] }],
  [stalled, pulseDetachLate, nothing(stalled)],
  [stalled, tick, { state: { ...stalled, tickDueAt: 7_000 }, effects: [{ do: 'beat', lateMs: 0 }] }],
  [
    stalled,
    end,
    {
      state: { name: 'ended', cause: 'closed' },
      effects: [dropLink('closed'), dropPulse('closed'), { do: 'end', cause: 'closed', timings: still }],
    },
  ],

  [away, attach, { state: { ...joined, pulse }, effects: [] }],
  [away, heard, nothing(away)],
  [away, detach, nothing(away)],
  [away, draining, nothing(away)],
  [
    away,
    pulseAttach,
    { state: { ...away, heardAt: 6_000, pulse: opened }, effects: [dropPulse('replaced')] },
  ],
  [away, pulsed, { state: { ...away, heardAt: 6_000, pulse: beaten }, effects: [] }],
  [away, pulsedLate, nothing(away)],
  [
    away,
    pulsedStill,
    {
      state: { ...away, heardAt: 6_000, excusedAt: 6_000, pulse: beaten, verdict: nowStanding },
      effects: [grade('stalled', 'stalled', { ...second, stillMs: 2_500, by: render })],
    },
  ],
  [
    away,
    pulseDetach,
    {
      state: { ...away, pulse: closedPulse, verdict: suspectVerdict },
      effects: [grade('suspect', 'closed')],
    },
  ],
  [away, pulseDetachLate, nothing(away)],
  [away, tick, { state: { ...away, tickDueAt: 7_000 }, effects: [] }],
  [away, end, over(dropPulse('closed'))],

  [awayStalled, attach, { state: { ...joined, pulse }, effects: [grade('alive', 'attached', still)] }],
  [awayStalled, heard, nothing(awayStalled)],
  [awayStalled, detach, nothing(awayStalled)],
  [awayStalled, draining, nothing(awayStalled)],
  [
    awayStalled,
    pulseAttach,
    { state: { ...awayStalled, heardAt: 6_000, pulse: opened }, effects: [dropPulse('replaced')] },
  ],
  [
    awayStalled,
    pulsed,
    {
      state: { ...away, heardAt: 6_000, pulse: beaten },
      effects: [grade('alive', 'ticking', { ...still, stillMs: 2_900 })],
    },
  ],
  [awayStalled, pulsedLate, nothing(awayStalled)],
  [
    awayStalled,
    pulsedStill,
    {
      state: { ...awayStalled, heardAt: 6_000, excusedAt: 6_000, pulse: beaten, verdict: stillStanding },
      effects: [],
    },
  ],
  [
    awayStalled,
    pulseDetach,
    {
      state: { ...away, pulse: closedPulse, verdict: suspectVerdict },
      effects: [grade('suspect', 'closed', still)],
    },
  ],
  [awayStalled, pulseDetachLate, nothing(awayStalled)],
  [awayStalled, tick, { state: { ...awayStalled, tickDueAt: 7_000 }, effects: [] }],
  [
    awayStalled,
    end,
    {
      state: { name: 'ended', cause: 'closed' },
      effects: [dropPulse('closed'), { do: 'end', cause: 'closed', timings: still }],
    },
  ],

  [cutOff, attach, { state: { ...joined, pulse }, effects: [grade('alive', 'attached')] }],
  [cutOff, heard, nothing(cutOff)],
  [cutOff, detach, nothing(cutOff)],
  [cutOff, draining, nothing(cutOff)],
  [
    cutOff,
    pulseAttach,
    {
      state: { ...cutOff, heardAt: 6_000, pulse: opened },
      effects: [dropPulse('replaced'), { do: 'redial', pulse: 5 }],
    },
  ],
  [cutOff, pulsed, { state: { ...cutOff, heardAt: 6_000, pulse: beaten }, effects: [] }],
  [cutOff, pulsedLate, nothing(cutOff)],
  [
    cutOff,
    pulsedStill,
    {
      state: { ...away, heardAt: 6_000, excusedAt: 6_000, pulse: beaten, verdict: nowStanding },
      effects: [grade('stalled', 'stalled', { ...second, stillMs: 2_500, by: render })],
    },
  ],
  [cutOff, pulseDetach, { state: { ...cutOff, pulse: closedPulse }, effects: [] }],
  [cutOff, pulseDetachLate, nothing(cutOff)],
  [cutOff, tick, { state: { ...cutOff, tickDueAt: 7_000 }, effects: [] }],
  [cutOff, end, over(dropPulse('closed'))],

  [silentAway, attach, { state: { ...joined, pulse }, effects: [grade('alive', 'attached')] }],
  [silentAway, heard, nothing(silentAway)],
  [silentAway, detach, nothing(silentAway)],
  [silentAway, draining, nothing(silentAway)],
  [
    silentAway,
    pulseAttach,
    {
      state: { ...away, heardAt: 6_000, pulse: opened },
      effects: [dropPulse('replaced'), grade('alive', 'heard')],
    },
  ],
  [
    silentAway,
    pulsed,
    { state: { ...away, heardAt: 6_000, pulse: beaten }, effects: [grade('alive', 'heard')] },
  ],
  [silentAway, pulsedLate, nothing(silentAway)],
  [
    silentAway,
    pulsedStill,
    {
      state: { ...away, heardAt: 6_000, excusedAt: 6_000, pulse: beaten, verdict: nowStanding },
      effects: [grade('stalled', 'stalled', { ...second, stillMs: 2_500, by: render })],
    },
  ],
  [silentAway, pulseDetach, { state: { ...silentAway, pulse: closedPulse }, effects: [] }],
  [silentAway, pulseDetachLate, nothing(silentAway)],
  [silentAway, tick, { state: { ...silentAway, tickDueAt: 7_000 }, effects: [] }],
  [silentAway, end, over(dropPulse('closed'))],

  [ended, attach, nothing(ended)],
  [ended, heard, nothing(ended)],
  [ended, detach, nothing(ended)],
  [ended, draining, nothing(ended)],
  [ended, pulseAttach, nothing(ended)],
  [ended, pulsed, nothing(ended)],
  [ended, pulseDetach, nothing(ended)],
  [ended, tick, nothing(ended)],
  [ended, end, nothing(ended)],
];

const named = (state: SessionState): string => {
  if (!('verdict' in state)) return state.name;
  const { verdict, pulse } = state;
  const of = verdict.grade === 'suspect' ? ` of ${verdict.of}` : '';
  return `${state.name} (${verdict.grade}${of}${pulse ? `, pulse ${pulse.open ? 'open' : 'closed'}` : ''})`;
};

const isLate = (event: SessionEvent): boolean =>
  ('link' in event && event.link === 1) || ('pulse' in event && event.pulse === 3);

/** What only a hub sees: a worker has no pulses to read. */
const ofHub = (state: SessionState, event: SessionEvent): boolean =>
  'pulse' in event || ('pulse' in state && state.pulse !== undefined);

describe('transition', () => {
  for (const [before, event, after] of table) {
    const late = isLate(event) ? ' of an earlier one' : '';
    const stands = event.type === 'pulsed' && event.stillMs > 2_000 ? ' while the loop stands still' : '';
    const what =
      after.state === before && after.effects.length === 0
        ? 'changes nothing'
        : `gives ${named(after.state)}`;
    it(`${named(before)}, ${event.type}${late}${stands}: ${what}`, () => {
      expect(transition(before, event, hub)).to.deep.equal(after);
      // The two sides differ in what a long silence means, and in nothing else.
      if (!ofHub(before, event)) expect(transition(before, event, worker)).to.deep.equal(after);
    });
  }

  it('covers every pair of a state and an event', () => {
    const pairs = new Set(table.map(([before, event]) => `${named(before)} ${event.type}`));
    expect(pairs.size).to.equal(11 * 9);
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
        { at: 8_000, do: 'grade', grade: 'suspect', cause: 'silent', timings: silentFor(3_000) },
        { at: 15_000, do: 'drop-link', link: 2, cause: 'lost' },
        { at: 15_000, do: 'end', cause: 'lost', timings: silentFor(10_000) },
      ]);
    });

    it('lets a worker give up the link to a silent hub after 10 s, and keep the session', () => {
      const steps = silence(attached, worker, 12);
      expect(graded(steps)).to.deep.equal([
        { at: 8_000, do: 'grade', grade: 'suspect', cause: 'silent', timings: silentFor(3_000) },
        { at: 15_000, do: 'drop-link', link: 2, cause: 'silent' },
      ]);
      expect(steps.at(-1)?.step.state.name).to.equal('detached');
    });

    it('ends a session without a link after 10 s of silence for the hub, and never for a worker', () => {
      expect(graded(silence(detached, hub, 12))).to.deep.equal([
        { at: 15_000, do: 'end', cause: 'lost', timings: silentFor(10_000) },
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
        verdict: { grade: 'alive' },
        heardAt: 35_000,
        linkAt: 35_000,
        tickDueAt: 37_000,
      });
      const next = transition(late.state, { type: 'tick', at: 37_000 }, hub);
      const last = transition(next.state, { type: 'tick', at: 38_000 }, hub);
      expect([next, last].map(({ effects }) => effects.at(-1))).to.deep.equal([
        { do: 'beat', lateMs: 0 },
        { do: 'grade', grade: 'suspect', cause: 'silent', timings: silentFor(3_000) },
      ]);
    });

    it('that is late by no more than an interval moves nothing: that is jitter', () => {
      const { state, effects } = transition(attached, { type: 'tick', at: 7_000 }, hub);
      expect(effects).to.deep.equal([{ do: 'beat', lateMs: 1_000 }]);
      expect(state).to.deep.include({ heardAt: 5_000, tickDueAt: 8_000 });
    });

    it('that is late makes nobody suspect for what may not have been read yet', () => {
      const quiet = { ...attached, tickDueAt: 7_500 };
      const late = transition(quiet, { type: 'tick', at: 8_400 }, hub);
      expect(late.effects).to.deep.equal([{ do: 'beat', lateMs: 900 }]);
      const next = transition(late.state, { type: 'tick', at: 9_400 }, hub);
      expect(next.effects.at(-1)).to.deep.include({ grade: 'suspect', timings: silentFor(4_400) });
    });

    it('judges by the time after which a peer is suspect as it is told at that step, and loses on time', () => {
      const rules = (suspectAfterMs: number): Rules => ({
        role: 'hub',
        timing,
        suspectAfterMs,
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

  describe('with a pulse', () => {
    type Told = { at: number; do: string; [what: string]: unknown };
    /** Plays events; gives what they led to, but for beats. */
    const played = (state: SessionState, events: readonly SessionEvent[], rules: Rules = hub) => {
      let current = state;
      const told: Told[] = [];
      for (const event of events) {
        const step = transition(current, event, rules);
        current = step.state;
        for (const effect of step.effects)
          if (effect.do !== 'beat') told.push({ at: 'at' in event ? event.at : 0, ...effect });
      }
      return { state: current, told: told.map(brief) };
    };
    const brief = ({ at, do: what, ...more }: Told) =>
      [at, what, more.grade, more.cause].filter((part) => part !== undefined).join(' ');
    const beat = (at: number, stillMs = 100): SessionEvent => ({ ...pulsed, at, stillMs, holders: render });
    const ticks = (from: number, to: number): SessionEvent[] =>
      Array.from({ length: (to - from) / 1_000 + 1 }, (_, n) => ({ type: 'tick', at: from + n * 1_000 }));
    /** A beat in the middle between any two ticks. */
    const beating = (from: number, to: number, stillMs: (at: number) => number = () => 100): SessionEvent[] =>
      ticks(from, to).flatMap((each) =>
        'at' in each ? [beat(each.at - 500, stillMs(each.at - 500)), each] : [],
      );

    it('a link that is silent for 3 s is dropped, the worker told to dial again, and lost after 10 s', () => {
      expect(played(pulsing, beating(6_000, 20_000)).told).to.deep.equal([
        '8000 drop-link link',
        '8000 redial',
        '8000 grade suspect link',
        '15000 drop-pulse link',
        '15000 end link',
      ]);
    });

    it('a process that stops is suspect and lost as one, though its pulse was heard after its link', () => {
      for (const lastAt of [5_100, 5_900])
        expect(played(pulsing, [beat(lastAt), ...ticks(6_000, 20_000)]).told).to.deep.equal([
          '9000 grade suspect silent',
          '16000 drop-link lost',
          '16000 drop-pulse lost',
          '16000 end lost',
        ]);
    });

    it('a link that is closed is suspect after 3 s of its silence, and lost after 10 s', () => {
      expect(played(away, beating(6_000, 20_000)).told).to.deep.equal([
        '8000 redial',
        '8000 grade suspect link',
        '15000 drop-pulse link',
        '15000 end link',
      ]);
    });

    it('a link that is heard in time is no matter', () => {
      const events = beating(6_000, 60_000).flatMap((event): SessionEvent[] =>
        event.type === 'tick' && event.at % 2_000 === 0
          ? [{ ...heard, at: event.at - 10 } as SessionEvent, event]
          : [event],
      );
      expect(played(pulsing, events).told).to.deep.equal([]);
    });

    it('a link is not judged while the loop stands still, and has its full time after that', () => {
      const held = (at: number) => (at < 70_000 ? at - 5_000 : 100);
      const { told } = played(pulsing, beating(6_000, 90_000, held));
      expect(told).to.deep.equal([
        '7500 grade stalled stalled',
        '70500 grade alive ticking',
        '73000 drop-link link',
        '73000 redial',
        '73000 grade suspect link',
        '80000 drop-pulse link',
        '80000 end link',
      ]);
    });

    it('a link is not judged by a loop that stands still for more than an interval, and is not stalled yet', () => {
      const { told, state } = played(
        pulsing,
        beating(6_000, 60_000, () => 1_500),
      );
      expect([told, state.name]).to.deep.equal([[], 'attached']);
    });

    it('a link is judged while the loop takes just an interval', () => {
      expect(
        played(
          pulsing,
          beating(6_000, 9_000, () => 1_000),
        ).told[0],
      ).to.equal('8000 drop-link link');
    });

    it('a link has the excuse of a pulse that was silent as well', () => {
      const quiet = [...ticks(6_000, 7_000), beat(7_900), ...beating(8_000, 9_000)];
      expect(played(pulsing, quiet).told).to.deep.equal([]);
      const silence = [...ticks(6_000, 12_000), beat(12_900), ...ticks(13_000, 14_000)];
      expect(played(pulsing, silence).told).to.deep.equal([
        '8000 grade suspect silent',
        '12900 grade alive heard',
      ]);
    });

    it('both are silent: the process is suspect, and lost', () => {
      expect(played(pulsing, ticks(6_000, 20_000)).told).to.deep.equal([
        '8000 grade suspect silent',
        '15000 drop-link lost',
        '15000 drop-pulse lost',
        '15000 end lost',
      ]);
    });

    it('a detector is asked of the process, and never of the link', () => {
      const strict: Rules = { ...hub, suspectAfterMs: 1_500 };
      expect(played(pulsing, ticks(6_000, 7_000), strict).told).to.deep.equal(['7000 grade suspect silent']);
      expect(played(pulsing, beating(6_000, 8_000), { ...hub, suspectAfterMs: 9_000 }).told).to.include(
        '8000 drop-link link',
      );
    });

    it('both close, in either order: suspect at once, and lost 10 s after the last sign', () => {
      const link: SessionEvent = { ...detach, at: 5_600 } as SessionEvent;
      const other: SessionEvent = { ...pulseDetach, at: 5_700 } as SessionEvent;
      expect(played(pulsing, [link, other, ...ticks(6_000, 16_000)]).told).to.deep.equal([
        '5700 grade suspect closed',
        '15000 end lost',
      ]);
      const first: SessionEvent = { ...pulseDetach, at: 5_500 } as SessionEvent;
      expect(played(pulsing, [first, link, ...ticks(6_000, 16_000)]).told).to.deep.equal([
        '5600 grade suspect peer-lost',
        '15000 end lost',
      ]);
    });

    it('a link or a pulse that is back at once is no event', () => {
      const link: SessionEvent[] = [
        { ...detach, at: 5_600 } as SessionEvent,
        { ...attach, at: 5_700 } as SessionEvent,
      ];
      expect(played(pulsing, link).told).to.deep.equal([]);
      const other: SessionEvent[] = [
        { ...pulseDetach, at: 5_600 } as SessionEvent,
        { ...pulseAttach, at: 5_700 } as SessionEvent,
      ];
      expect(played(pulsing, other).told).to.deep.equal([]);
    });

    it('a pulse that is silent while the link is heard is let go of after 10 s', () => {
      const events = ticks(6_000, 16_000).flatMap((event): SessionEvent[] => [
        event,
        { ...heard, at: 'at' in event ? event.at + 500 : 0 } as SessionEvent,
      ]);
      const { told, state } = played(pulsing, events);
      expect(told).to.deep.equal(['15000 drop-pulse silent']);
      expect(state).to.deep.include({ verdict: { grade: 'alive' } });
    });

    it('a loop that stood still is taken to turn when the link is heard and the pulse is silent or gone', () => {
      const gone: SessionEvent[] = [pulseDetach, { ...heard, at: 6_200 } as SessionEvent];
      expect(played(stalled, gone).told).to.deep.equal(['6200 grade alive heard']);
      expect(played(stalled, [{ ...heard, at: 7_900 } as SessionEvent]).told).to.deep.equal([]);
      expect(played(stalled, [{ ...heard, at: 8_000 } as SessionEvent]).told).to.deep.equal([
        '8000 grade alive heard',
      ]);
    });

    it('a loop stands still from 2,000 ms on', () => {
      expect(played(pulsing, [beat(6_000, 1_999)]).told).to.deep.equal([]);
      expect(played(pulsing, [beat(6_000, 2_000)]).told).to.deep.equal(['6000 grade stalled stalled']);
    });

    it('tells how long the loop had stood still, without the time that this side was held up', () => {
      const [late] = transition(stalled, { type: 'tick', at: 14_000 }, hub).effects;
      expect(late).to.deep.equal({ do: 'stalled-ourselves', lateMs: 8_000 });
      const { state } = transition(stalled, { type: 'tick', at: 14_000 }, hub);
      const { effects } = transition(state, beat(14_100), hub);
      expect(effects).to.deep.equal([
        grade('alive', 'ticking', { silentMs: 1_100, linkSilentMs: 1_100, stillMs: 3_000, by: render }),
      ]);
    });

    it('tells how long the loop had stood still by its own lateness, where that can be', () => {
      const held = (delayMs: number) => {
        const { effects } = transition(stalled, { ...pulsed, delayMs } as SessionEvent, hub);
        return effects.map((effect) => ('timings' in effect ? effect.timings.stillMs : undefined));
      };
      // It stood still at 3,000, and this beat comes at 6,000, a tenth of a second after a turn.
      expect([0, 1_999, 2_000, 2_900, 2_901].map(held)).to.deep.equal([
        [2_900],
        [2_900],
        [2_000],
        [2_900],
        [2_900],
      ]);
    });

    it('moves the link and the pulse by the time that this side was held up', () => {
      const { state } = transition(pulsing, { type: 'tick', at: 14_000 }, hub);
      expect(state).to.deep.include({
        heardAt: 13_000,
        linkAt: 13_000,
        pulse: { ...pulse, heardAt: 13_000 },
      });
      expect(played(state, ticks(15_000, 16_000)).told).to.deep.equal(['16000 grade suspect silent']);
    });

    it('says once that a stall is over its limit, and does not end the session for it', () => {
      const rules: Rules = { ...hub, stallLimit: { ms: 5_000, act: 'report' } };
      const events = beating(6_000, 20_000, (at) => at - 5_000);
      expect(played(pulsing, events, rules).told).to.deep.equal([
        '7500 grade stalled stalled',
        '10500 stall-limit',
      ]);
    });

    it('ends the session at the limit where that is wanted', () => {
      const rules: Rules = { ...hub, stallLimit: { ms: 5_000, act: 'fence' } };
      const { told, state } = played(
        pulsing,
        beating(6_000, 20_000, (at) => at - 5_000),
        rules,
      );
      expect(told).to.deep.equal([
        '7500 grade stalled stalled',
        '10500 drop-link stalled',
        '10500 drop-pulse stalled',
        '10500 end stalled',
      ]);
      expect(state).to.deep.equal({ name: 'ended', cause: 'stalled' });
    });

    it('has no limit of a stall by itself', () => {
      expect(
        played(
          pulsing,
          beating(6_000, 3_600_000, (at) => at - 5_000),
        ).told,
      ).to.have.length(1);
    });
  });

  describe('whatever happens', () => {
    const event = fc.oneof(
      fc.record({ type: fc.constant('attach' as const), gap: fc.nat(20_000) }),
      fc.record({ type: fc.constant('heard' as const), gap: fc.nat(4_000), back: fc.nat(2) }),
      fc.record({ type: fc.constant('detach' as const), gap: fc.nat(4_000), back: fc.nat(2) }),
      fc.record({ type: fc.constant('draining' as const), gap: fc.nat(10), back: fc.nat(2) }),
      fc.record({ type: fc.constant('pulse-attach' as const), gap: fc.nat(4_000) }),
      fc.record({
        type: fc.constant('pulsed' as const),
        gap: fc.nat(4_000),
        back: fc.nat(2),
        stillMs: fc.nat(6_000),
      }),
      fc.record({ type: fc.constant('pulse-detach' as const), gap: fc.nat(4_000), back: fc.nat(2) }),
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
      steps: readonly { type: SessionEvent['type']; gap: number; back?: number; stillMs?: number }[];
    }) {
      let state: SessionState = idle;
      let at = 0;
      let links = 0;
      let pulses = 0;
      for (const { type, gap, back = 0, stillMs = 0 } of steps) {
        at += gap;
        if (type === 'attach') links += 1;
        if (type === 'pulse-attach') pulses += 1;
        const link = Math.max(1, links - back);
        const pulse = Math.max(1, pulses - back);
        const event = { type, at, link, pulse, stillMs, holders: [], cause: 'closed' } as SessionEvent;
        const before = state;
        const stallLimit = { ms: 5_000, act: 'fence' } as const;
        const step: Step = transition(before, event, { role, timing, stallLimit });
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
            for (const effect of step.effects) {
              if (!('timings' in effect)) continue;
              const { silentMs, linkSilentMs, stillMs } = effect.timings;
              expect(Math.min(silentMs, stillMs)).to.be.at.least(0);
              expect(linkSilentMs).to.be.at.least(silentMs);
            }
          }
        }),
      );
    });

    it('drops each pulse at most once, and only the one it had', () => {
      fc.assert(
        fc.property(runs, (run) => {
          const dropped = new Set<number>();
          for (const { before, step } of play(run))
            for (const effect of step.effects) {
              if (effect.do !== 'drop-pulse') continue;
              expect('pulse' in before && before.pulse).to.deep.include({ number: effect.pulse, open: true });
              expect(dropped.has(effect.pulse)).to.equal(false);
              dropped.add(effect.pulse);
            }
        }),
      );
    });

    it('takes no news of a pulse that was replaced', () => {
      fc.assert(
        fc.property(runs, (run) => {
          for (const { before, event, step } of play(run)) {
            if (event.type !== 'pulsed' && event.type !== 'pulse-detach') continue;
            if ('pulse' in before && before.pulse?.open && before.pulse.number === event.pulse) continue;
            expect(step).to.deep.equal({ state: before, effects: [] });
          }
        }),
      );
    });

    it('takes nobody for alive who has neither link nor pulse', () => {
      fc.assert(
        fc.property(runs, (run) => {
          for (const { step } of play(run))
            if (step.state.name === 'detached' && !step.state.pulse?.open)
              expect(step.state.verdict.grade).to.equal('suspect');
        }),
      );
    });

    it('takes no news of a link that was replaced', () => {
      fc.assert(
        fc.property(runs, (run) => {
          for (const { before, event, step } of play(run)) {
            if (event.type !== 'heard' && event.type !== 'detach' && event.type !== 'draining') continue;
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
