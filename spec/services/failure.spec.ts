import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { inject, injectable } from '../../lib/services/inject.js';
import { provider } from '../../lib/services/provider.js';
import { type Token, token } from '../../lib/services/token.js';
import { application, injectionOf, plugin, thrown } from './rig.js';

const Db = token<object>('db');
const Repository = token<object>('repository');
const Report = token<object>('report');
const User = token<object>('user');

/** A provider whose factory asks for something. */
const needs = (name: Token<object>, needed: Token<object>) =>
  provider(name, { factory: (services) => ({ needed: services.get(needed) }) });

@injectable()
class Holder {
  constructor(@inject(Repository) readonly repository: object) {}
}

describe('a service that cannot be had', () => {
  it('is told with the path that led to it, through factories and classes', () => {
    const injection = injectionOf(
      plugin('render', { providers: [needs(Repository, Db), provider(Report, { class: Holder })] }),
    );
    const path = "token 'repository' (factory) -> 'db'";
    const text = (action: () => unknown) => thrown(action).message;
    expect(text(() => injection.of('render').get(Db))).to.equal("nobody provides 'db' for plugin 'render'");
    expect(text(() => injection.of('render').get(Report))).to.equal(
      `nobody provides 'db' for plugin 'render': token 'report' (class Holder) -> ${path}`,
    );
    expect(text(() => injection.build('render', Holder))).to.equal(
      `nobody provides 'db' for plugin 'render': class Holder -> ${path}`,
    );
  });

  it('is told with the owner of each step, and of who provides it elsewhere', () => {
    const injection = injectionOf(
      plugin('base', { providers: [provider(Db, { value: {} })] }),
      plugin('store', { providers: [needs(Repository, Db)] }),
      plugin('render', { requires: ['store'], providers: [needs(Report, Repository)] }),
    );
    expect(thrown(() => injection.of('render').get(Report)).message).to.equal(
      "nobody provides 'db' for plugin 'store': token 'report' (factory) of plugin 'render' -> " +
        "token 'repository' (factory) -> 'db' (plugin 'base' provides it: add it to requires)",
    );
  });

  it('is told of what is no token at all', () => {
    const services = injectionOf(plugin('a')).of('a');
    for (const none of ['db', undefined])
      expect(thrown(() => services.get(none as never)).message).to.equal(
        `nobody provides '${none}' for plugin 'a'`,
      );
  });

  it('leads to a path of its own each time, also after a failure', () => {
    const services = injectionOf(plugin('a', { providers: [needs(Report, Db)] })).of('a');
    const first = thrown(() => services.get(Report)).message;
    expect(thrown(() => services.get(Report)).message).to.equal(first);
    expect(thrown(() => services.get(Db)).message).to.equal("nobody provides 'db' for plugin 'a'");
  });
});

describe('services that need each other', () => {
  it('are told as a ring, and overflow no stack', () => {
    const services = injectionOf(
      plugin('a', {
        providers: [needs(Db, Repository), needs(Repository, Report), needs(Report, Repository)],
      }),
    ).of('a');
    const error = thrown(() => services.get(Db));
    expect(error.message).to.equal(
      "services of plugin 'a' need each other: token 'repository' (factory) -> token 'report' (factory) -> " +
        "token 'repository' (factory)",
    );
    expect(error.code).to.equal('plugin');
    expect(error.cause).to.equal(undefined);
  });

  it('are no ring when one is asked for after it was built', () => {
    const services = injectionOf(
      plugin('a', {
        providers: [needs(Report, Db), needs(Repository, Db), needs(Db, User), provider(User, { value: {} })],
      }),
    ).of('a');
    expect(services.get(Report)).to.deep.equal(services.get(Repository));
  });
});

describe('a service whose building fails', () => {
  it('is told with owner, token, path and cause', () => {
    const cause = new Error('no disk');
    const failing = provider(Db, {
      factory: () => {
        throw cause;
      },
    });
    const injection = injectionOf(
      application({ providers: [failing] }),
      plugin('render', { providers: [needs(Repository, Db)] }),
    );
    const error = thrown(() => injection.build('render', Holder));
    expect(error.message).to.equal(
      "the application: class Holder of plugin 'render' -> token 'repository' (factory) of plugin 'render' -> " +
        "token 'db' (factory) failed: no disk",
    );
    expect([error.code, error.cause]).to.deep.equal(['plugin', cause]);
  });

  it('is told so for whatever was thrown, also an error of the bus', () => {
    for (const odd of [undefined, 'text', Object.create(null), new BusError('timeout', 'late')]) {
      class Failing {
        constructor() {
          throw odd;
        }
      }
      const services = injectionOf(plugin('a', { providers: [provider(Db, { class: Failing })] })).of('a');
      const error = thrown(() => services.get(Db));
      expect(error.message).to.match(/^plugin 'a': token 'db' \(class Failing\) failed: /);
      expect([error.code, error.cause]).to.deep.equal(['plugin', odd]);
    }
  });

  it('is not kept, while what it needed is', () => {
    let attempts = 0;
    const built: object[] = [];
    const injection = injectionOf(
      plugin('a', {
        providers: [
          provider(Repository, {
            factory: (services) => {
              built.push(services.get(Db));
              attempts += 1;
              if (attempts < 3) throw new Error('not yet');
              return { attempts };
            },
          }),
          provider(Db, { factory: () => ({}) }),
        ],
      }),
    );
    const get = () => injection.of('a').get(Repository);
    expect(thrown(get).message).to.match(/not yet$/);
    expect(thrown(get).message).to.match(/not yet$/);
    expect(get()).to.deep.equal({ attempts: 3 });
    expect(get()).to.deep.equal({ attempts: 3 });
    expect(new Set(built).size).to.equal(1);
  });

  it('may be done without by a factory that catches', () => {
    const services = injectionOf(
      plugin('a', {
        providers: [
          provider(Report, {
            factory: (services) => {
              try {
                return services.get(Repository);
              } catch {
                return { without: true };
              }
            },
          }),
          needs(Repository, Db),
        ],
      }),
    ).of('a');
    expect(services.get(Report)).to.deep.equal({ without: true });
  });

  it('is told of a class that is not marked', () => {
    class Unmarked {
      constructor(readonly db: object) {}
    }
    const services = injectionOf(plugin('a', { providers: [provider(Db, { class: Unmarked })] })).of('a');
    expect(thrown(() => services.get(Db)).message).to.equal(
      "plugin 'a': token 'db' (class Unmarked) failed: class Unmarked has constructor parameters and no @injectable()",
    );
  });
});

describe('a service of a session', () => {
  const injection = injectionOf(
    plugin('a', {
      providers: [
        provider(User, { factory: () => ({}), scope: 'session' }),
        needs(Db, User),
        needs(Report, Db),
        needs(Repository, User),
      ],
    }),
  );

  it('is not there outside of one', () => {
    const error = thrown(() => injection.of('a').get(User));
    expect([error.code, error.message]).to.deep.equal([
      'plugin',
      "plugin 'a' asks outside of a session for 'user', which has scope 'session': ask context.services for 'user' in " +
        'a handler',
    ]);
  });

  it('is not there for what lives longer, not even within one', () => {
    const text = (outliving: string, way: string) =>
      `plugin 'a': ${outliving} outlives 'user', which has scope 'session': ${way}ask context.services for 'user' in ` +
      'a handler';
    for (const services of [injection.of('a'), injection.session().of('a')])
      expect(thrown(() => services.get(Report)).message).to.equal(
        text("token 'report' (factory) -> token 'db' (factory)", "give 'db' that scope too, or "),
      );
    expect(thrown(() => injection.build('a', Holder)).message).to.equal(
      text("class Holder -> token 'repository' (factory)", "give 'repository' that scope too, or "),
    );
  });
});
