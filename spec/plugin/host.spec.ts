import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Plugin, PluginContext } from '../../lib/plugin/manifest.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { fate, never, noted, plugin, Trial } from './trial.js';

const boom = () => {
  throw new Error('boom');
};

describe('the plugin host', () => {
  noUnhandledRejections();
  let trial: Trial;
  let notes: string[];
  beforeEach(() => {
    trial = new Trial();
    notes = [];
  });

  /** A plugin that keeps the contexts of its steps. */
  const keeping = (
    name: string,
    contexts: Record<string, PluginContext>,
    rest: Partial<Plugin> = {},
  ): Plugin =>
    plugin(name, {
      start: (context) => void Object.assign(contexts, { start: context }),
      ready: (context) => void Object.assign(contexts, { ready: context }),
      stop: (context) => void Object.assign(contexts, { stop: context }),
      ...rest,
    });

  it('refuses with every problem before anything starts', () => {
    const plugins = [noted('a', notes), noted('a', notes), undefined as unknown as Plugin];
    expect(() => trial.host(plugins))
      .to.throw(
        BusError,
        "plugins[2] is undefined: a plugin is an object with a manifest\nplugin 'a' is listed 2 times",
      )
      .with.nested.property('details.problems')
      .with.length(2);
    expect(notes).to.deep.equal([]);
  });

  it('runs nothing of a plugin before start', () => {
    trial.host([noted('a', notes)]);
    expect(notes).to.deep.equal([]);
  });

  it('starts and readies in dependency order, and stops in reverse', async () => {
    const a = { ...noted('a', notes), ...plugin('a', {}, { requires: { b: '*' } }) };
    const host = trial.host([a, noted('b', notes), noted('c', notes)]);
    await host.start();
    await host.ready();
    await host.stop();
    expect(notes).to.deep.equal([
      ...['b starts', 'a starts', 'c starts'],
      ...['b is ready', 'a is ready', 'c is ready'],
      ...['c stops', 'a stops', 'b stops'],
    ]);
    expect(trial.lines).to.deep.equal([]);
    expect(trial.clock.pending).to.equal(0);
  });

  it('takes each step only when the one before it is done', async () => {
    const slow = (name: string): Plugin => {
      const step = (what: string) => () =>
        new Promise<void>((resolve) => {
          notes.push(`${name} ${what}`);
          trial.clock.after(10, () => {
            notes.push(`${name} did`);
            resolve();
          });
        });
      return plugin(name, { start: step('starts'), ready: step('readies'), stop: step('stops') });
    };
    const host = trial.host([slow('a'), slow('b')]);
    for (const step of ['start', 'ready', 'stop'] as const) {
      const done = host[step]();
      await trial.clock.advance(20);
      await done;
    }
    expect(notes).to.deep.equal([
      ...['a starts', 'a did', 'b starts', 'b did', 'a readies', 'a did', 'b readies', 'b did'],
      ...['b stops', 'b did', 'a stops', 'a did'],
    ]);
  });

  it('gives each step its context', async () => {
    const contexts: Record<string, PluginContext> = {};
    const host = trial.host([keeping('metrics', contexts)], { role: 'worker', id: 'w1' });
    await host.start();
    await host.ready();
    await host.stop();
    expect(Object.keys(contexts)).to.deep.equal(['start', 'ready', 'stop']);
    for (const context of Object.values(contexts)) {
      expect(context).to.include({ role: 'worker', name: 'metrics', id: 'w1' });
      context.log.info('hello');
    }
    const line = "plugin 'metrics': hello";
    expect(trial.lines).to.deep.equal([line, line, line]);
    const onHub: Record<string, PluginContext> = {};
    await trial.host([keeping('metrics', onHub)]).start();
    expect(onHub.start).to.include({ role: 'hub' }).and.not.to.have.property('id');
  });

  it('calls the steps as methods of their plugin', async () => {
    const seen: unknown[] = [];
    const self = plugin('a', {
      start() {
        seen.push(this);
      },
    });
    await trial.host([self]).start();
    expect(seen[0]).to.equal(self);
  });

  describe('when a start fails', () => {
    for (const [how, start] of [
      ['throws', boom],
      ['rejects', async () => boom()],
    ] as const) {
      it(`because it ${how}, stops what had started in reverse, then names the plugin and the cause`, async () => {
        const plugins = [
          noted('a', notes),
          noted('b', notes),
          noted('bad', notes, { start }),
          noted('c', notes),
        ];
        const error = (await fate(trial.host(plugins).start(), trial.clock)) as BusError;
        expect(error).to.include({ code: 'plugin', message: "plugin 'bad': start failed: boom" });
        expect(error.cause).to.include({ message: 'boom' });
        expect(error.details).to.deep.equal({ plugin: 'bad', step: 'start' });
        expect(notes).to.deep.equal(['a starts', 'b starts', 'b stops', 'a stops']);
        expect(trial.clock.pending).to.equal(0);
      });
    }

    it('rejects only after the rollback, which each stop may hold up for its deadline', async () => {
      const plugins = [
        noted('a', notes),
        noted('hangs', notes, { stop: never }),
        noted('bad', notes, { start: boom }),
      ];
      const started = trial.host(plugins, { deadlineMs: 100 }).start();
      expect(await fate(started, trial.clock)).to.equal('waits');
      await trial.clock.advance(100);
      expect(await fate(started, trial.clock)).to.include({ message: "plugin 'bad': start failed: boom" });
      expect(notes).to.deep.equal(['a starts', 'hangs starts', 'a stops']);
      expect(trial.lines).to.deep.equal(["plugin 'hangs': stop did not finish within 100 ms"]);
    });

    it('fires the signal of the one that failed', async () => {
      const contexts: Record<string, PluginContext> = {};
      const bad = keeping('bad', contexts, {
        start: (context) => {
          contexts.start = context;
          boom();
        },
      });
      await fate(trial.host([bad]).start(), trial.clock);
      expect(contexts.start?.signal.reason).to.include({ code: 'plugin' });
    });

    it('may be tried again, from the first plugin', async () => {
      let broken = true;
      const flaky = noted('b', notes, { start: () => (broken ? boom() : undefined) });
      const host = trial.host([noted('a', notes), flaky]);
      expect(await fate(host.start(), trial.clock)).to.include({ code: 'plugin' });
      broken = false;
      await host.start();
      await host.stop();
      expect(notes).to.deep.equal(['a starts', 'a stops', 'a starts', 'b stops', 'a stops']);
    });
  });

  describe('when a step does not end', () => {
    it('names the plugin of a start after 10,000 ms, and fires its signal', async () => {
      const contexts: Record<string, PluginContext> = {};
      const slow = keeping('slow', contexts, {
        start: (context) => {
          contexts.start = context;
          return never();
        },
      });
      const started = trial.host([noted('a', notes), slow]).start();
      const rejected = fate(started, trial.clock);
      await trial.clock.advance(9_999);
      expect(await rejected).to.equal('waits');
      expect(contexts.start?.signal.aborted).to.equal(false);
      await trial.clock.advance(1);
      const error = await fate(started, trial.clock);
      expect(error).to.include({
        code: 'plugin',
        message: "plugin 'slow': start did not finish within 10000 ms",
      });
      expect(contexts.start?.signal.reason).to.equal(error);
      expect(notes).to.deep.equal(['a starts', 'a stops']);
    });

    it('has a deadline for each plugin, not one for all', async () => {
      const slow = (name: string) =>
        plugin(name, { start: () => new Promise((resolve) => void trial.clock.after(80, resolve)) });
      const started = trial.host([slow('a'), slow('b'), slow('c')], { deadlineMs: 100 }).start();
      const settled = fate(started, trial.clock);
      await trial.clock.advance(240);
      await settled;
      expect(await fate(started, trial.clock)).to.equal('resolved');
    });

    it('names the plugin of a ready, and leaves the stopping to the caller', async () => {
      const host = trial.host([noted('a', notes), noted('b', notes, { ready: never })], { deadlineMs: 50 });
      await host.start();
      const ready = host.ready();
      const settled = fate(ready, trial.clock);
      await trial.clock.advance(50);
      await settled;
      expect(await fate(ready, trial.clock)).to.include({
        code: 'plugin',
        message: "plugin 'b': ready did not finish within 50 ms",
      });
      expect(notes).to.deep.equal(['a starts', 'b starts', 'a is ready']);
      await host.stop();
      expect(notes.slice(3)).to.deep.equal(['b stops', 'a stops']);
    });

    for (const [what, late] of [
      ['resolves', () => {}],
      ['rejects', boom],
    ] as const) {
      it(`changes nothing when it ${what} late`, async () => {
        const start = () => new Promise<void>((resolve) => void trial.clock.after(150, resolve)).then(late);
        const host = trial.host([noted('late', notes, { start }), noted('b', notes)], { deadlineMs: 100 });
        const started = host.start();
        const settled = fate(started, trial.clock);
        await trial.clock.advance(1_000);
        await settled;
        expect(await fate(started, trial.clock)).to.include({
          message: "plugin 'late': start did not finish within 100 ms",
        });
        await host.stop();
        expect(notes).to.deep.equal([]);
        expect(trial.lines).to.deep.equal([]);
      });
    }
  });

  it('names the plugin whose ready fails', async () => {
    const host = trial.host([noted('a', notes, { ready: boom }), noted('b', notes)]);
    await host.start();
    expect(await fate(host.ready(), trial.clock)).to.include({ message: "plugin 'a': ready failed: boom" });
    expect(notes).to.deep.equal(['a starts', 'b starts']);
  });

  describe('stop', () => {
    it('tries all, logs what fails or hangs with the name of its plugin, and never rejects', async () => {
      const plugins = [
        noted('a', notes),
        noted('throws', notes, { stop: boom }),
        noted('hangs', notes, { stop: never }),
        noted('rejects', notes, { stop: async () => boom() }),
        noted('b', notes),
      ];
      const host = trial.host(plugins, { deadlineMs: 100 });
      await host.start();
      notes.length = 0;
      const stopped = host.stop();
      const settled = fate(stopped, trial.clock);
      await trial.clock.advance(99);
      expect([await settled, notes]).to.deep.equal(['waits', ['b stops']]);
      await trial.clock.advance(1);
      expect(await fate(stopped, trial.clock)).to.equal('resolved');
      expect(notes).to.deep.equal(['b stops', 'a stops']);
      expect(trial.lines).to.deep.equal([
        "plugin 'rejects': stop failed: boom",
        "plugin 'hangs': stop did not finish within 100 ms",
        "plugin 'throws': stop failed: boom",
      ]);
    });

    it('does not reject where the log throws', async () => {
      Object.assign(trial.log, { error: boom });
      const host = trial.host([noted('a', notes), noted('b', notes, { stop: boom })]);
      await host.start();
      await host.stop();
      expect(notes.slice(2)).to.deep.equal(['a stops']);
    });

    it('fires the signal of each plugin when it is its turn', async () => {
      const [a, b]: Record<string, PluginContext>[] = [{}, {}] as const;
      let duringB: boolean | undefined;
      const stop = (context: PluginContext) => {
        Object.assign(b ?? {}, { stop: context });
        duringB = a?.start?.signal.aborted;
      };
      const host = trial.host([keeping('a', a ?? {}), keeping('b', b ?? {}, { stop })]);
      await host.start();
      await host.ready();
      expect(a?.ready?.signal).to.equal(a?.start?.signal);
      await host.stop();
      expect(duringB).to.equal(false);
      for (const { start, stop } of [a ?? {}, b ?? {}]) {
        expect(start?.signal.reason).to.include({ code: 'closed', message: 'this hub stops' });
        expect(stop?.signal.aborted).to.equal(false);
      }
    });

    it('fires the signal of a stop whose deadline ran out', async () => {
      const contexts: Record<string, PluginContext> = {};
      const stop = (context: PluginContext) => {
        contexts.stop = context;
        return never();
      };
      const host = trial.host([keeping('a', contexts, { stop })], { deadlineMs: 10 });
      await host.start();
      const stopped = host.stop();
      await trial.clock.advance(10);
      await stopped;
      expect(contexts.stop?.signal.reason).to.include({ code: 'plugin' });
    });

    it('does nothing twice, and nothing where nothing has started', async () => {
      const host = trial.host([noted('a', notes)]);
      await host.stop();
      expect(notes).to.deep.equal([]);
      await host.start();
      await Promise.all([host.stop(), host.stop()]);
      await host.stop();
      expect(notes).to.deep.equal(['a starts', 'a stops']);
    });

    it('ends for everybody at the same time', async () => {
      const stop = () => new Promise<void>((resolve) => void trial.clock.after(10, resolve));
      const host = trial.host([noted('a', notes, { stop })]);
      await host.start();
      const first = host.stop();
      expect([await fate(host.stop(), trial.clock), await fate(first, trial.clock)]).to.deep.equal([
        'waits',
        'waits',
      ]);
      await trial.clock.advance(10);
      await first;
    });

    it('lets the host start anew, with signals of its own', async () => {
      const contexts: Record<string, PluginContext> = {};
      const host = trial.host([keeping('a', contexts), noted('b', notes)]);
      await host.start();
      await host.ready();
      await host.stop();
      await host.start();
      await host.ready();
      expect(contexts.start?.signal.aborted).to.equal(false);
      expect(notes).to.deep.equal(['b starts', 'b is ready', 'b stops', 'b starts', 'b is ready']);
    });

    for (const step of ['start', 'ready'] as const) {
      it(`during ${step} fires the signal, waits for the step, and stops what had started`, async () => {
        const heeding = noted('b', notes, {
          [step]: ({ signal }: PluginContext) =>
            new Promise<void>((resolve) =>
              signal.addEventListener('abort', () => {
                notes.push(`b heeds its signal`);
                trial.clock.after(5, resolve);
              }),
            ),
        });
        const host = trial.host([noted('a', notes), heeding, noted('c', notes)]);
        if (step === 'ready') await host.start();
        const running = host[step]();
        const settled = fate(running, trial.clock);
        expect(await settled).to.equal('waits');
        notes.length = 0;
        const stopped = host.stop();
        expect(await fate(host.ready(), trial.clock)).to.include({ code: 'closed' });
        expect(notes).to.deep.equal(['b heeds its signal']);
        await trial.clock.advance(5);
        await stopped;
        expect(await fate(running, trial.clock)).to.include({ code: 'closed', message: 'this hub stops' });
        const stops = step === 'start' ? ['b stops', 'a stops'] : ['c stops', 'b stops', 'a stops'];
        expect(notes.slice(1)).to.deep.equal(stops);
      });
    }

    it('is waited for by a start that comes meanwhile', async () => {
      const stop = () =>
        new Promise<void>((resolve) => {
          trial.clock.after(10, () => {
            notes.push('a has stopped');
            resolve();
          });
        });
      const host = trial.host([noted('a', notes, { stop })]);
      await host.start();
      const stopped = host.stop();
      const started = Promise.all([host.start(), host.start()]);
      expect(await fate(started, trial.clock)).to.equal('waits');
      await trial.clock.advance(10);
      await stopped;
      await started;
      await host.ready();
      expect(notes).to.deep.equal(['a starts', 'a has stopped', 'a starts', 'a is ready']);
    });

    it('that comes again gives the start that waits closed, and nothing starts', async () => {
      const stop = () => new Promise<void>((resolve) => void trial.clock.after(10, resolve));
      const host = trial.host([noted('a', notes, { stop })]);
      await host.start();
      void host.stop();
      const started = host.start();
      const settled = fate(started, trial.clock);
      const stopped = host.stop();
      await settled;
      await trial.clock.advance(10);
      await stopped;
      expect(await fate(started, trial.clock)).to.include({ code: 'closed', message: 'this hub stops' });
      expect(notes).to.deep.equal(['a starts']);
    });

    it('during a start that fails of it gives closed, and does not stop that one', async () => {
      const start = ({ signal }: PluginContext) =>
        new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      const host = trial.host([noted('a', notes), noted('b', notes, { start })]);
      const started = host.start();
      const settled = fate(started, trial.clock);
      await settled;
      await host.stop();
      expect(await fate(started, trial.clock)).to.include({ code: 'closed' });
      expect(notes).to.deep.equal(['a starts', 'a stops']);
    });
  });

  it('starts once for several calls', async () => {
    const host = trial.host([noted('a', notes)]);
    await Promise.all([host.start(), host.start()]);
    await Promise.all([host.ready(), host.ready()]);
    expect(notes).to.deep.equal(['a starts', 'a is ready']);
  });
});
