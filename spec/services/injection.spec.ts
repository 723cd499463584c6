import { expect } from 'chai';
import { inject, injectable } from '../../lib/services/inject.js';
import { provider } from '../../lib/services/provider.js';
import type { Services } from '../../lib/services/services.js';
import { type Token, token } from '../../lib/services/token.js';
import { tsyringeInjection } from '../../lib/services/tsyringe-injection.js';
import { virtualClock } from '../../lib/testing/virtual-clock.js';
import { application, injectionOf, plugin, rejected, thrown } from './rig.js';

interface Db {
  readonly of: string;
}
const Db = token<Db>('db');
const Repository = token<object>('repository');
const User = token<object>('user');
const Greeting = token<string>('greeting');

/** A provider that notes what was built. */
const counted = <T>(name: Token<T>, built: string[], make: (services: Services) => T, scope?: 'session') =>
  provider(name, {
    factory: (services) => {
      built.push(name.description ?? '');
      return make(services);
    },
    ...(scope && { scope }),
  });

describe('services', () => {
  it('are built once, when they are first asked for', () => {
    const built: string[] = [];
    const injection = injectionOf(plugin('a', { providers: [counted(Db, built, () => ({ of: 'a' }))] }));
    expect(built).to.deep.equal([]);
    const { get } = { get: () => injection.of('a').get(Db) };
    expect(get()).to.equal(get());
    expect(built).to.deep.equal(['db']);
  });

  it('come from values, factories and classes', () => {
    @injectable()
    class Shop {
      constructor(
        @inject(Db) readonly db: Db,
        @inject(Greeting) readonly greeting: string,
      ) {}
    }
    const Shops = token<Shop>('shops');
    const db = { of: 'a' };
    const services = injectionOf(
      plugin('a', {
        providers: [
          provider(Shops, { class: Shop }),
          provider(Db, { value: db }),
          provider(Greeting, { factory: (services) => `hello ${services.get(Db).of}` }),
        ],
      }),
    ).of('a');
    expect(services.get(Shops)).to.be.instanceOf(Shop);
    expect({ ...services.get(Shops) }).to.deep.equal({ db, greeting: 'hello a' });
  });

  it('may be undefined, null or false, and are still built once', () => {
    for (const odd of [undefined, null, false, 0, '']) {
      const built: string[] = [];
      const Odd = token<unknown>('odd');
      const Value = token<unknown>('value');
      const injection = injectionOf(
        application({ providers: [counted(Odd, built, () => odd), provider(Value, { value: odd })] }),
        plugin('a'),
        plugin('b'),
      );
      for (const owner of ['a', 'a', 'b', undefined])
        for (const name of [Odd, Value]) expect(injection.of(owner).get(name)).to.equal(odd);
      expect(built).to.deep.equal(['odd']);
    }
  });

  it('may be promises, which are handed out as they are', async () => {
    const Later = token<Promise<string>>('later');
    const services = injectionOf(
      plugin('a', { providers: [provider(Later, { factory: async () => 'there' })] }),
    ).of('a');
    expect(services.get(Later)).to.equal(services.get(Later));
    expect(await services.get(Later)).to.equal('there');
  });

  describe('that are promises which rejected', () => {
    const Later = token<Promise<string>>('later');
    const failing = (rounds: number, made: string[], scope?: 'session') =>
      counted(
        Later,
        made,
        async () => {
          if (made.length <= rounds) throw new Error(`no ${made.length}`);
          return 'there';
        },
        scope,
      );
    const got = (services: Services) => services.get(Later).catch(({ message }: Error) => message);

    it('are built anew for the next who asks, until there is one', async () => {
      const made: string[] = [];
      const injection = injectionOf(
        plugin('a', { providers: [failing(2, made)] }),
        plugin('b', { requires: ['a'] }),
      );
      const ask = (owner: string) => got(injection.of(owner));
      expect(await Promise.all([ask('a'), ask('b')])).to.deep.equal(['no 1', 'no 1']);
      expect([await ask('b'), await ask('a'), await ask('b')]).to.deep.equal(['no 2', 'there', 'there']);
      expect(made).to.have.length(3);
    });

    it('are built anew within their session', async () => {
      const made: string[] = [];
      const session = injectionOf(plugin('a', { providers: [failing(1, made, 'session')] })).session();
      expect([await got(session.of('a')), await got(session.of('a'))]).to.deep.equal(['no 1', 'there']);
    });

    it('change nothing when they reject after their owner has begun anew', async () => {
      const rejects: (() => void)[] = [];
      const wait = () => new Promise<string>((_, reject) => rejects.push(() => reject(new Error('late'))));
      const clock = virtualClock();
      const injection = tsyringeInjection(
        [plugin('a', { providers: [provider(Later, { factory: wait })] })],
        { clock, deadlineMs: 100 },
      );
      injection.of('a').get(Later);
      const ended = rejected(injection.dispose('a'));
      await clock.advance(100);
      expect((await ended).message).to.contain('was not disposed of within 100 ms');
      injection.begin('a');
      const anew = injection.of('a').get(Later);
      rejects[0]?.();
      await clock.settle();
      expect(injection.of('a').get(Later)).to.equal(anew);
    });
  });

  describe('of a plugin', () => {
    const providers = [provider(Repository, { factory: () => ({}) })];

    it('are seen by itself and by those that require it, as one instance', () => {
      const injection = injectionOf(
        plugin('store', { providers }),
        plugin('render', { requires: ['store'] }),
        plugin('report', { requires: ['store', 'render'] }),
      );
      const [repository, ...others] = ['render', 'store', 'report'].map((name) =>
        injection.of(name).get(Repository),
      );
      expect(repository).to.be.an('object');
      for (const other of others) expect(other).to.equal(repository);
    });

    it('are seen by nobody else', () => {
      const injection = injectionOf(
        application(),
        plugin('store', { providers }),
        plugin('render', { requires: ['store'] }),
        plugin('report', { requires: ['render'] }),
      );
      const text = (owner: string | undefined) => thrown(() => injection.of(owner).get(Repository)).message;
      expect(text('report')).to.equal(
        "nobody provides 'repository' for plugin 'report' (plugin 'store' provides it: add it to requires)",
      );
      expect(text(undefined)).to.match(/^nobody provides 'repository' for the application/);
    });
  });

  it('of the application are seen by every plugin, as one instance', () => {
    const injection = injectionOf(
      plugin('a'),
      application({ providers: [provider(Repository, { factory: () => ({}) })] }),
      plugin('b'),
    );
    const repository = injection.of('b').get(Repository);
    expect(injection.of('a').get(Repository)).to.equal(repository);
    expect(injection.of(undefined).get(Repository)).to.equal(repository);
  });

  it('are built as their own plugin sees the others, whoever asks first', () => {
    const repository = provider(Repository, { factory: (services) => ({ db: services.get(Db) }) });
    const injection = injectionOf(
      application({ providers: [provider(Greeting, { factory: (services) => services.get(Db).of })] }),
      plugin('store', { providers: [repository, provider(Db, { value: { of: 'store' } })] }),
      plugin('render', {
        requires: ['store'],
        providers: [provider(User, { factory: () => ({}) })],
      }),
      plugin('other', { providers: [provider(Db, { value: { of: 'other' } })] }),
    );
    expect(injection.session().of('render').get(Repository)).to.deep.equal({ db: { of: 'store' } });
    // What the application provides does not see a plugin's services, though a plugin asks.
    expect(thrown(() => injection.of('other').get(Greeting)).message).to.match(
      /^nobody provides 'db' for the application: token 'greeting' \(factory\) -> 'db'/,
    );
  });

  it('of two plugins may have the same token where nobody sees both', () => {
    const injection = injectionOf(
      plugin('a', { providers: [provider(Db, { value: { of: 'a' } })] }),
      plugin('b', { providers: [provider(Db, { value: { of: 'b' } })] }),
    );
    expect(['a', 'b'].map((name) => injection.of(name).get(Db).of)).to.deep.equal(['a', 'b']);
  });

  describe('with the scope session', () => {
    const perSession = (name = User) => counted(name, [], () => ({}), 'session');

    it('are one instance per session', () => {
      const injection = injectionOf(plugin('a', { providers: [perSession()] }));
      const [one, two] = [injection.session(), injection.session()];
      expect(one.of('a').get(User)).to.equal(one.of('a').get(User));
      expect(one.of('a').get(User)).not.to.equal(two.of('a').get(User));
    });

    it('are one instance for their plugin and those that require it', () => {
      const injection = injectionOf(
        plugin('a', { providers: [perSession()] }),
        plugin('b', { requires: ['a'] }),
        plugin('c', { requires: ['b'] }),
      );
      const session = injection.session();
      expect(session.of('b').get(User)).to.equal(session.of('a').get(User));
      expect(thrown(() => session.of('c').get(User)).message).to.match(
        /^nobody provides 'user' for plugin 'c'/,
      );
    });

    it('of the application are seen by every plugin', () => {
      const session = injectionOf(application({ providers: [perSession()] }), plugin('a')).session();
      expect(session.of('a').get(User)).to.equal(session.of(undefined).get(User));
    });

    it('may need each other and everything that their plugin sees', () => {
      @injectable()
      class Cart {
        constructor(
          @inject(User) readonly user: object,
          @inject(Repository) readonly repository: object,
          @inject(Db) readonly db: Db,
        ) {}
      }
      const Carts = token<Cart>('carts');
      const injection = injectionOf(
        application({ providers: [provider(Db, { value: { of: 'application' } })] }),
        plugin('store', { providers: [provider(Repository, { factory: () => ({}) })] }),
        plugin('shop', {
          requires: ['store'],
          providers: [perSession(), provider(Carts, { class: Cart, scope: 'session' })],
        }),
      );
      const session = injection.session();
      const cart = session.of('shop').get(Carts);
      expect(cart.user).to.equal(session.of('shop').get(User));
      expect(cart.repository).to.equal(injection.of('store').get(Repository));
      expect(cart.db).to.deep.equal({ of: 'application' });
    });

    it('leave what lives longer as it is, though a session asks first', () => {
      const injection = injectionOf(
        plugin('a', {
          providers: [perSession(), provider(Repository, { factory: (services) => ({ services }) })],
        }),
      );
      const repository = injection.session().of('a').get(Repository);
      expect(repository).to.equal(injection.session().of('a').get(Repository));
      expect(repository).to.deep.equal({ services: injection.of('a') });
    });

    it('may be given when the session begins, and are then not built', () => {
      const Peer = token<{ id: string }>('peer');
      const unused = provider(Peer, {
        scope: 'session',
        factory: () => {
          throw new Error('not given');
        },
      });
      const greeting = provider(Greeting, {
        factory: (services) => `hello ${services.get(Peer).id}`,
        scope: 'session',
      });
      const injection = injectionOf(
        application({ providers: [unused] }),
        plugin('a', { providers: [greeting] }),
        plugin('b', { requires: ['a'] }),
      );
      const [w1, w2] = ['w1', 'w2'].map((id) => injection.session(new Map([[Peer, { id }]])));
      expect(w1?.of('b').get(Greeting)).to.equal('hello w1');
      expect(w2?.of('b').get(Greeting)).to.equal('hello w2');
      expect(w2?.of('a').get(Peer)).to.deep.equal({ id: 'w2' });
      expect(thrown(() => injection.session().of('a').get(Peer)).message).to.match(/failed: not given$/);
      expect(thrown(() => injection.of('a').get(Peer)).message).to.match(
        /asks outside of a session for 'peer'/,
      );
    });

    it('are not seen where they are given and nobody provides them', () => {
      const Peer = token<object>('peer');
      const session = injectionOf(plugin('a', { providers: [perSession()] })).session(new Map([[Peer, {}]]));
      expect(thrown(() => session.of('a').get(Peer)).message).to.equal(
        "nobody provides 'peer' for plugin 'a'",
      );
    });

    it('cost a session nothing where nobody provides any', () => {
      const injection = injectionOf(plugin('a', { providers: [provider(Db, { value: { of: 'a' } })] }));
      expect(injection.session().of('a')).to.equal(injection.of('a'));
    });

    it('give the same services each time', () => {
      const session = injectionOf(plugin('a', { providers: [perSession()] })).session();
      expect(session.of('a')).to.equal(session.of('a'));
    });
  });

  it('build controllers, each a new instance', () => {
    @injectable()
    class Controller {
      constructor(@inject(Db) readonly db: Db) {}
    }
    const injection = injectionOf(plugin('a', { providers: [provider(Db, { value: { of: 'a' } })] }));
    const one = injection.build('a', Controller);
    expect(one).to.be.instanceOf(Controller);
    expect(one.db.of).to.equal('a');
    expect(injection.build('a', Controller)).not.to.equal(one);
  });

  it('are there for an application that provides none, and for no plugin that is not there', () => {
    const injection = injectionOf(plugin('a'));
    expect(thrown(() => injection.of(undefined).get(Db)).message).to.equal(
      "nobody provides 'db' for the application",
    );
    expect(thrown(() => injection.of('b')).message).to.equal("plugin 'b' is not here");
  });
});
