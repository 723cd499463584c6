import { expect } from 'chai';
import type { Beat, DataFrame, Frame, Progress } from '../../lib/frame/frame.js';
import { features } from '../../lib/handshake/profile.js';
import { Roster } from '../../lib/hub/roster.js';
import { Budget, Holding } from '../../lib/lane/budget.js';
import { Kept } from '../../lib/lane/kept.js';
import { Outbox } from '../../lib/lane/outbox.js';
import type { Outgoing } from '../../lib/lane/outgoing.js';
import { LaneSource } from '../../lib/lane/source.js';
import { Inbound } from '../../lib/session/inbound.js';
import type { Tally } from '../../lib/session/tally.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { arriving, type Change } from './fault.js';
import { kindOf } from './kind.js';
import { scenario } from './scenario.js';
import type { WorldOptions } from './world.js';

/** Of the two thousand. */
const tried = 300;

describe('the simulation finds', function () {
  this.timeout(300_000);
  noUnhandledRejections();

  const finds = (what: string, expected: RegExp, make: () => Trial | Broken) =>
    it(what, async function () {
      const made = make();
      const seen = 'mend' in made ? await found(expected).finally(made.mend) : await found(expected, made);
      // The report says what caught it.
      if (this.test) this.test.title += ` (seed ${seen.seed}: ${seen.violation.slice(0, 110)})`;
    });

  finds('a batch that is lost while its link stays up', /never handled|was stuck|never settled/, () => ({
    fault: arriving(() => every(30, 'message', () => [])),
  }));

  finds('a frame of a batch that is lost', /never handled|was stuck|never settled|outcome/, () => ({
    fault: arriving(loseOne),
  }));

  finds('a message that comes again under a new number', / again| twice/, () => ({
    fault: arriving(repeat),
  }));

  finds('a resume that sends one frame too many', / again| twice/, () => ({ fault: tooMany() }));

  finds('a resume that sends nothing again', /never handled|was stuck/, () =>
    broken(Kept.prototype, 'replayAll', () => () => {}),
  );

  finds('beats that do not arrive', /declared lost|is lost long after/, () => ({
    fault: arriving(() => (frames) => frames.filter(({ kind }) => kind !== 'beat')),
  }));

  // As it would be if it were not looked at whether the loop turns.
  finds(
    'a link that is judged while the loop stands still',
    /is suspect \(link\), and was only busy/,
    () => ({
      kind: 'pulsed',
      fault: arriving(
        () => (frames) =>
          frames.map((frame) =>
            isPulseBeat(frame) ? { ...frame, progress: { ...frame.progress, stillMs: 0 } } : frame,
          ),
      ),
    }),
  );

  finds('a loop that stands still, and nobody says so', /and the hub does not say so/, () => ({
    kind: 'pulsed',
    fault: arriving(
      () => (frames) =>
        frames.map((frame) =>
          isPulseBeat(frame)
            ? { ...frame, progress: { ...frame.progress, stillMs: Math.min(frame.progress.stillMs, 150) } }
            : frame,
        ),
    ),
  }));

  // As it would be if its number were not looked at.
  finds('an old beat that is believed', /died .*, and the hub says that it is (alive|stalled)/, () => ({
    kind: 'pulsed',
    fault: arriving(() => {
      let n = 0;
      return (frames) => frames.map((frame) => (isPulseBeat(frame) ? { ...frame, n: ++n } : frame));
    }),
  }));

  finds('an acknowledgement that is lost', /was stuck|unacknowledged/, () => ({
    fault: arriving(() => every(3, 'ack', (frames) => frames.filter(({ kind }) => kind !== 'ack'))),
  }));

  finds('an outbox that heeds no credit', /sees overflow/, () =>
    broken(
      Outbox.prototype,
      'offer',
      () =>
        function (this: Outbox, outgoing: Outgoing) {
          this.urgent(outgoing);
          return 'queued' as const;
        },
    ),
  );

  finds('credit that is not given back for what was refused', /disagree about credit|was stuck/, () =>
    broken(LaneSource.prototype, 'refuse', () => () => {}),
  );

  finds('a refusal that nobody is told of', /never handled|was stuck|never settled/, () =>
    broken(Outbox.prototype, 'urgent', () => () => {}),
  );

  finds('memory that is given to whoever asks', /holds more than it may/, () =>
    broken(Budget.prototype, 'admits', () => () => true),
  );

  finds('bytes that nobody gives back', /bytes in memory at rest|was stuck|holds more/, () =>
    broken(
      Holding.prototype,
      'release',
      (release) =>
        function (this: Holding, outgoing) {
          if (outgoing.frame.seq % 20 !== 19) release.call(this, outgoing);
        },
    ),
  );

  finds('an epoch that is used again', /joined with the epoch/, () => {
    const first = new Map<string, string>();
    return broken(
      Roster.prototype,
      'put',
      (put) =>
        function (this: Roster, member) {
          const epoch = first.get(member.id) ?? member.epoch;
          first.set(member.id, epoch);
          put.call(this, Object.assign(member, { epoch }));
        },
    );
  });

  finds('an accepted message that is counted twice', /accepted \d+ messages, \d+ are accounted for/, () => {
    let count = 0;
    return broken(
      Inbound.prototype,
      'receive',
      (receive) =>
        function (this: Inbound, message) {
          receive.call(this, message);
          count += 1;
          if (count % 50 === 0) tallyOf(this).received.accepted += 1;
        },
    );
  });

  finds('a message that comes in twice and is counted as often', /messages came in, \d+ had left/, () => ({
    fault: arriving(repeat),
  }));

  finds(
    'a call that was given up and leaves all the same',
    /offered \d+ messages, \d+ are accounted for/,
    () => broken(Outbox.prototype, 'withdraw', () => () => false),
  );

  finds('an old outcome that settles a new call', /got the reply|in place of|after \d+ of \d+ items/, () => {
    const last = new WeakMap<Outbox, Outgoing[]>();
    const { outcome, restart } = Outbox.prototype;
    Outbox.prototype.outcome = function (outgoing) {
      last.set(this, [...(last.get(this) ?? []).slice(-40), outgoing]);
      outcome.call(this, outgoing);
    };
    Outbox.prototype.restart = function () {
      const taken = restart.call(this);
      for (const old of last.get(this) ?? []) outcome.call(this, { ...old, frame: { ...old.frame, seq: 0 } });
      return taken;
    };
    return { mend: () => Object.assign(Outbox.prototype, { outcome, restart }) };
  });

  finds('a type that stays held', /was stuck|never settled|at rest/, () => ({
    fault: arriving(() => (frames) => frames.filter((frame) => frame.kind !== 'hold' || frame.held)),
  }));

  // From the day on which large payloads travel in chunks.
  if (features.includes('chunks'))
    finds('a chunk that is lost', /never handled|was stuck|never settled|protocol/, () => ({
      fault: arriving(() =>
        every(3, 'chunk', (frames) => frames.filter(({ kind }) => kind !== ('chunk' as string))),
      ),
    }));
});

/** `kind`: of the worlds in which it can show. */
interface Trial extends WorldOptions {
  readonly kind?: string;
}

interface Broken {
  mend(): void;
}

/** Puts another method in the place of one, until it is mended. */
function broken<T extends object, K extends keyof T>(
  prototype: T,
  name: K,
  make: (method: T[K]) => T[K],
): Broken {
  const method = prototype[name];
  prototype[name] = make(method);
  return {
    mend: () => {
      prototype[name] = method;
    },
  };
}

const tallyOf = (inbound: Inbound): Tally =>
  (inbound as unknown as { dispatch: { tally: Tally } }).dispatch.tally;

/** Runs seeds until one shows the fault. */
async function found(expected: RegExp, { kind, ...options }: Trial = {}) {
  for (let seed = 1; seed <= tried; seed++) {
    if (kind !== undefined && kindOf(seed).name !== kind) continue;
    const { violations } = await scenario(seed, options);
    const violation = violations.find((text) => expected.test(text));
    if (violation !== undefined) return { seed, violation };
  }
  return expect.fail(`${tried} seeds passed in spite of it (looked for ${expected})`);
}

const isPulseBeat = (frame: Frame): frame is Beat & { readonly progress: Progress } =>
  frame.kind === 'beat' && frame.progress !== undefined;

const isData = (frame: Frame): frame is DataFrame => ['message', 'outcome', 'chunk'].includes(frame.kind);

/** Changes every so many-th batch in which there is a frame of that kind. */
function every(count: number, kind: string, change: Change): Change {
  let seen = 0;
  return (frames) => {
    if (!frames.some((frame) => frame.kind === kind)) return frames;
    seen += 1;
    return seen % count === 0 ? change(frames) : frames;
  };
}

/** Loses the second data frame of one batch. */
function loseOne(): Change {
  let lost = false;
  return (frames) => {
    const [, second] = frames.filter(isData);
    if (lost || second === undefined) return frames;
    lost = true;
    return frames.filter((frame) => frame !== second);
  };
}

/** Lets the tenth message come twice, as a sender would that gives a replay a number of its own. */
function repeat(): Change {
  let seen = 0;
  return (frames) =>
    frames.flatMap((frame): readonly Frame[] => {
      if (frame.kind !== 'message') return [frame];
      seen += 1;
      return seen === 10 ? [frame, { ...frame, seq: frame.seq + 1 }] : [frame];
    });
}

/** On a link that goes on with a session the last message of the one before comes first, as if it were new. */
function tooMany() {
  const last = new Map<string, Frame & { kind: 'message' }>();
  return arriving((host) => {
    let more = 0;
    let again: (Frame & { kind: 'message' }) | undefined;
    return (frames) => {
      const [first] = frames;
      const resumed = first?.kind === 'welcome' && first.received !== undefined;
      if (resumed) again = last.get(host);
      return frames.flatMap((frame): readonly Frame[] => {
        if (!isData(frame)) return [frame];
        const { seq } = frame;
        const put = again && seq > again.seq ? [{ ...again, seq }] : [];
        if (put.length > 0) {
          more += 1;
          again = undefined;
        }
        if (frame.kind === 'message') last.set(host, frame);
        return [...put, { ...frame, seq: seq + more }];
      });
    };
  });
}
