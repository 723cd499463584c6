import { setImmediate } from 'node:timers/promises';
import { expect } from 'chai';
import { inject, injectable } from '../../lib/services/inject.js';
import type { Owner } from '../../lib/services/injection.js';
import { type Provider, provider } from '../../lib/services/provider.js';
import type { Services } from '../../lib/services/services.js';
import { type Token, token } from '../../lib/services/token.js';
import { tsyringeInjection } from '../../lib/services/tsyringe-injection.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { application, injectionOf, plugin, rejected, thrown } from './rig.js';

const Db = token<object>('db');
const Cache = token<object>('cache');
const User = token<object>('user');
const Cart = token<object>('cart');

/** A provider of something that notes when it is disposed of, after it asked for what it needs. */
const noted = (name: Token<object>, notes: string[], needed: Token<object>[] = [], scope?: 'session') =>
  provider(name, {
    factory: (services) => {
      for (const one of needed) services.get(one);
      return { [Symbol.dispose]: () => notes.push(name.description ?? '') };
    },
    ...(scope && { scope }),
  });

const failing = (name: Token<object>, error: unknown, scope?: 'session') =>
  provider(name, {
    factory: () => ({ [Symbol.asyncDispose]: () => Promise.reject(error) }),
    ...(scope && { scope }),
  });

/** What is noted when everything of plugin 'a' that was asked for is disposed of. */
async function disposed(rest: Partial<Owner>, ask: (services: Services) => void): Promise<void> {
  const injection = injectionOf(plugin('a', rest));
  ask(injection.of('a'));
  await injection.dispose('a');
}

describe('disposal of services', () => {
  it('goes from the last built to the first, controllers among them', async () => {
    const notes: string[] = [];
    @injectable()
    class Controller {
      constructor(@inject(Cache) readonly cache: object) {}
      [Symbol.dispose]() {
        notes.push('controller');
      }
    }
    const injection = injectionOf(
      plugin('a', { providers: [noted(Db, notes), noted(Cache, notes, [Db]), noted(User, notes)] }),
    );
    injection.build('a', Controller);
    injection.of('a').get(User);
    await injection.dispose('a');
    expect(notes).to.deep.equal(['user', 'controller', 'cache', 'db']);
  });

  it('waits for each before the next', async () => {
    const notes: string[] = [];
    const slow = provider(Cache, {
      factory: (services) => {
        services.get(Db);
        return {
          async [Symbol.asyncDispose]() {
            for (let turn = 0; turn < 20; turn += 1) await undefined;
            notes.push('cache');
          },
        };
      },
    });
    await disposed({ providers: [noted(Db, notes), slow] }, (services) => services.get(Cache));
    expect(notes).to.deep.equal(['cache', 'db']);
  });

  it('prefers Symbol.asyncDispose', async () => {
    const notes: string[] = [];
    const both = provider(Db, {
      factory: () => ({
        [Symbol.dispose]: () => notes.push('dispose'),
        [Symbol.asyncDispose]: async () => notes.push('asyncDispose'),
      }),
    });
    await disposed({ providers: [both] }, (services) => services.get(Db));
    expect(notes).to.deep.equal(['asyncDispose']);
  });

  it('leaves alone what was never built, what is a value, and a method that is only called dispose', async () => {
    const notes: string[] = [];
    const note = { [Symbol.dispose]: () => notes.push('value'), dispose: () => notes.push('by name') };
    const providers = [
      noted(Db, notes),
      provider(Cache, { value: note }),
      provider(User, { factory: () => ({ dispose: note.dispose }) }),
    ];
    await disposed({ providers }, (services) => [services.get(Cache), services.get(User)]);
    expect(notes).to.deep.equal([]);
  });

  it('disposes once of what a factory only hands on, and never of a value', async () => {
    const notes: string[] = [];
    const value = { [Symbol.dispose]: () => notes.push('value') };
    const Alias = token<object>('alias');
    const Later = token<Promise<object>>('later');
    const Value = token<object>('value');
    const injection = injectionOf(
      application({ providers: [noted(Db, notes), provider(Value, { value })] }),
      plugin('a', {
        providers: [
          provider(Alias, { factory: (services) => services.get(Db) }),
          provider(Later, { factory: async (services) => services.get(Db) }),
          provider(Cache, { factory: (services) => services.get(Value) }),
        ],
      }),
    );
    for (const name of [Alias, Later, Cache]) injection.of('a').get<unknown>(name);
    await injection.dispose('a');
    expect(notes).to.deep.equal([]);
    await injection.dispose(undefined);
    expect(notes).to.deep.equal(['db']);
  });

  it('disposes of what a promise gives, and lives with one that gives nothing', async () => {
    const notes: string[] = [];
    const Later = token<Promise<object>>('later');
    const Never = token<Promise<object>>('never');
    const providers = [
      provider(Later, { factory: async () => ({ [Symbol.dispose]: () => notes.push('later') }) }),
      provider(Never, { factory: () => Promise.reject(new Error('no')) }),
    ];
    await disposed({ providers }, (services) => void [services.get(Later), services.get(Never)]);
    expect(notes).to.deep.equal(['later']);
  });

  it('is not too late for a promise that rejected while nobody waited for it', async () => {
    const Never = token<Promise<object>>('never');
    const injection = injectionOf(
      plugin('a', {
        providers: [provider(Never, { factory: () => Promise.reject(new Error('no')) })],
      }),
    );
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    injection.of('a').get(Never);
    // Node.js tells of unhandled rejections after each turn.
    await setImmediate();
    process.off('unhandledRejection', note);
    expect(unhandled).to.deep.equal([]);
    await injection.dispose('a');
  });

  it('goes on after a failure, and names each one then', async () => {
    const notes: string[] = [];
    const [first, second] = [new Error('no disk'), 'odd'];
    const injection = injectionOf(
      plugin('a', { providers: [failing(Db, first), noted(User, notes), failing(Cache, second)] }),
    );
    for (const name of [Db, User, Cache]) injection.of('a').get(name);
    const error = await rejected(injection.dispose('a'));
    expect([error.code, error.message]).to.deep.equal([
      'plugin',
      "plugin 'a': token 'cache' (factory) could not be disposed of: odd\n" +
        "plugin 'a': token 'db' (factory) could not be disposed of: no disk",
    ]);
    expect(error.details.problems).to.deep.equal(error.message.split('\n'));
    expect((error.cause as AggregateError).errors).to.deep.equal([second, first]);
    expect(notes).to.deep.equal(['user']);
    await injection.dispose('a');
  });

  it('catches a Symbol.dispose that is asynchronous by mistake', async () => {
    const mistaken = provider(Db, {
      factory: () => ({ [Symbol.dispose]: () => Promise.reject(new Error('late')) }),
    });
    const error = await rejected(disposed({ providers: [mistaken] }, (services) => services.get(Db)));
    expect(error.message).to.match(/could not be disposed of: late$/);
  });

  it('concerns one owner, and leaves the others their services', async () => {
    const notes: string[] = [];
    const injection = injectionOf(
      plugin('store', { providers: [noted(Db, notes)] }),
      plugin('render', { requires: ['store'], providers: [noted(Cache, notes, [Db])] }),
    );
    injection.of('render').get(Cache);
    const db = injection.of('render').get(Db);
    await injection.dispose('render');
    expect(notes).to.deep.equal(['cache']);
    expect(injection.of('render').get(Db)).to.equal(db);
    await injection.dispose('store');
    expect(notes).to.deep.equal(['cache', 'db']);
  });

  it('lets everything be built anew once its owner begins again, for everybody', async () => {
    const notes: string[] = [];
    const injection = injectionOf(
      plugin('other', { providers: [provider(Db, { factory: () => ({}) })] }),
      plugin('store', { providers: [noted(Db, notes), provider(User, { factory: () => ({}) })] }),
      plugin('render', { requires: ['store'] }),
    );
    const all = () => [
      injection.of('store').get(Db),
      injection.of('render').get(Db),
      injection.of('render').get(User),
      injection.of('other').get(Db),
    ];
    const before = all();
    await injection.dispose('store');
    for (const owner of ['store', 'render'])
      expect(thrown(() => injection.of(owner).get(Db))).to.include({
        code: 'closed',
        message: "plugin 'store': token 'db' (factory) cannot be built: what it belongs to is stopped",
      });
    injection.begin('store');
    const after = all();
    expect(after[0]).to.equal(after[1]);
    expect(before.map((service, index) => service === after[index])).to.deep.equal([
      false,
      false,
      false,
      true,
    ]);
    await injection.dispose('store');
    expect(notes).to.deep.equal(['db', 'db']);
  });

  it('is known to a session that goes on', async () => {
    const injection = injectionOf(
      plugin('a', { providers: [noted(User, [], [], 'session'), noted(Db, [])] }),
    );
    const session = injection.session();
    const db = session.of('a').get(Db);
    await injection.dispose('a');
    injection.begin('a');
    expect(session.of('a').get(Db)).to.equal(injection.of('a').get(Db));
    expect(session.of('a').get(Db)).not.to.equal(db);
  });

  it('disposes again of what a factory gives again', async () => {
    const notes: string[] = [];
    const shared = { [Symbol.dispose]: () => notes.push('shared') };
    const injection = injectionOf(plugin('a', { providers: [provider(Db, { factory: () => shared })] }));
    for (const turn of [1, 2]) {
      injection.begin('a');
      injection.of('a').get(Db);
      await injection.dispose('a');
      expect(notes).to.have.length(turn);
    }
  });

  it('still gives what is not disposed of yet, and builds nothing meanwhile', async () => {
    const told: unknown[] = [];
    const asks = provider(Cache, {
      factory: (services) => {
        services.get(Db);
        return {
          [Symbol.dispose]() {
            told.push(
              services.get(Db) !== undefined,
              thrown(() => services.get(User)),
            );
          },
        };
      },
    });
    await disposed({ providers: [noted(Db, []), noted(User, []), asks] }, (services) => services.get(Cache));
    expect(told[0]).to.equal(true);
    expect(told[1]).to.include({
      code: 'closed',
      message: "plugin 'a': token 'user' (factory) cannot be built: what it belongs to is stopped",
    });
  });

  describe('that does not end', () => {
    const never = () => new Promise<never>(() => {});
    const clock = virtualClock();
    /** What is noted and said when plugin 'a' disposes of two services around one that takes too long. */
    const around = async (late: Provider, ms: number) => {
      const notes: string[] = [];
      const injection = tsyringeInjection(
        [plugin('a', { providers: [noted(Db, notes), late, noted(User, notes)] })],
        { clock, deadlineMs: 10_000 },
      );
      for (const name of [Db, late.token, User]) injection.of('a').get(name);
      let error: unknown;
      injection.dispose('a').catch((thrown) => {
        error = thrown;
      });
      await clock.advance(ms);
      return { notes, error };
    };
    const hangs = provider(Cache, { factory: () => ({ [Symbol.asyncDispose]: never }) });

    for (const [what, late] of [
      ['because it hangs', hangs],
      ['because its promise never settles', provider(token<Promise<object>>('cache'), { factory: never })],
    ] as const)
      it(`${what} is given up at the deadline, and the next has its turn`, async () => {
        expect(await around(late as Provider, 9_999)).to.deep.equal({ notes: ['user'], error: undefined });
        const { notes, error } = await around(late as Provider, 10_000);
        expect(notes).to.deep.equal(['user', 'db']);
        expect(error).to.include({
          code: 'plugin',
          message: "plugin 'a': token 'cache' (factory) was not disposed of within 10000 ms",
        });
      });

    it('is no failure before the deadline, and leaves no timer', async () => {
      const slow = provider(Cache, {
        factory: () => ({
          [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void clock.after(9_000, resolve)),
        }),
      });
      await clock.advance(20_000);
      expect((await around(slow, 9_000)).notes).to.deep.equal(['user', 'db']);
      expect(clock.pending).to.equal(0);
    });

    it('for want of a promise is made up for when that comes, however late', async () => {
      const notes: string[] = [];
      const Later = token<Promise<object>>('later');
      const service = { [Symbol.dispose]: () => notes.push('later') };
      const wait = () => new Promise<object>((resolve) => void clock.after(60_000, () => resolve(service)));
      await around(provider(Later, { factory: wait }) as Provider, 60_000);
      expect(notes).to.deep.equal(['later']);
    });

    it('and then fails ends no process', async () => {
      const fails = () => new Promise<void>((_, reject) => void clock.after(60_000, () => reject('odd')));
      const late = provider(Cache, { factory: () => ({ [Symbol.asyncDispose]: fails }) });
      expect(String((await around(late, 60_000)).error)).to.match(/not disposed of within 10000 ms$/);
    });

    noUnhandledRejections();
  });

  it('names its owner once, also where another text inside does', async () => {
    const asks = provider(Cache, {
      factory: (services) => ({ [Symbol.dispose]: () => void services.get(Db) }),
    });
    const disposing = disposed({ providers: [noted(Db, []), asks] }, (services) => services.get(Cache));
    expect((await rejected(disposing)).message).to.equal(
      "plugin 'a': token 'cache' (factory) could not be disposed of: " +
        "token 'db' (factory) cannot be built: what it belongs to is stopped",
    );
  });

  it('is done once when it is asked for twice', async () => {
    const notes: string[] = [];
    const injection = injectionOf(plugin('a', { providers: [failing(Db, 'odd'), noted(User, notes)] }));
    injection.of('a').get(Db);
    injection.of('a').get(User);
    const [one, two] = [rejected(injection.dispose('a')), rejected(injection.dispose('a'))];
    expect((await one).message).to.equal((await two).message);
    expect(notes).to.deep.equal(['user']);
  });
});

describe('the end of a session', () => {
  it('disposes of what was built for it, over all plugins, last built first', async () => {
    const notes: string[] = [];
    const injection = injectionOf(
      plugin('store', { providers: [noted(User, notes, [], 'session'), noted(Db, notes)] }),
      plugin('render', { requires: ['store'], providers: [noted(Cart, notes, [User, Db], 'session')] }),
    );
    const [session, other] = [injection.session(), injection.session()];
    for (const one of [session, other]) one.of('render').get(Cart);
    await session.dispose();
    expect(notes).to.deep.equal(['cart', 'user']);
    await session.dispose();
    expect(notes).to.deep.equal(['cart', 'user']);
  });

  it('leaves alone what the session was given', async () => {
    const notes: string[] = [];
    const given = { [Symbol.dispose]: () => notes.push('given') };
    const session = injectionOf(plugin('a', { providers: [noted(User, notes, [], 'session')] })).session(
      new Map([[User, given]]),
    );
    expect(session.of('a').get(User)).to.equal(given);
    await session.dispose();
    expect(notes).to.deep.equal([]);
  });

  it('names what failed', async () => {
    const session = injectionOf(plugin('a', { providers: [failing(User, 'odd', 'session')] })).session();
    session.of('a').get(User);
    expect((await rejected(session.dispose())).message).to.equal(
      "plugin 'a': token 'user' (factory) could not be disposed of: odd",
    );
  });

  it('leaves what lives longer to the handlers that still run, and builds nothing for them', async () => {
    const injection = injectionOf(
      plugin('a', {
        providers: [noted(User, [], [], 'session'), noted(Cart, [], [], 'session'), noted(Db, [])],
      }),
    );
    const session = injection.session();
    session.of('a').get(User);
    await session.dispose();
    expect(session.of('a').get(Db)).to.equal(injection.of('a').get(Db));
    for (const [name, text] of [
      [User, 'user'],
      [Cart, 'cart'],
    ] as const)
      expect(thrown(() => session.of('a').get(name))).to.include({
        code: 'closed',
        message: `plugin 'a': token '${text}' (factory) cannot be built: its session has ended`,
      });
  });

  it('comes before that of the plugin, which waits for it', async () => {
    const notes: string[] = [];
    const injection = injectionOf(
      plugin('a', { providers: [noted(User, notes, [Db], 'session'), noted(Db, notes)] }),
    );
    for (const session of [injection.session(), injection.session()]) session.of('a').get(User);
    const ended = injection.session();
    ended.of('a').get(User);
    const ending = ended.dispose();
    await injection.dispose('a');
    expect(notes).to.deep.equal(['user', 'user', 'user', 'db']);
    await ending;
  });
});
