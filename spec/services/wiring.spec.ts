import { expect } from 'chai';
import { inject, injectable } from '../../lib/services/inject.js';
import { provider } from '../../lib/services/provider.js';
import { token } from '../../lib/services/token.js';
import { wiringProblems } from '../../lib/services/wiring.js';
import { application, plugin } from './rig.js';

const Db = token<object>('db');
const Repository = token<object>('repository');
const User = token<object>('user');

@injectable()
class NeedsDb {
  constructor(@inject(Db) readonly db: object) {}
}
@injectable()
class NeedsRepository {
  constructor(@inject(Repository) readonly repository: object) {}
}
@injectable()
class NeedsUser {
  constructor(@inject(User) readonly user: object) {}
}

const value = (name = Db) => provider(name, { value: {} });
const fails = () => {
  throw new Error('nothing may be built');
};

describe('the check of services', () => {
  it('finds nothing wrong with good ones, and builds nothing', () => {
    expect(
      wiringProblems([
        application({ providers: [provider(Db, { factory: fails })] }),
        plugin('store', { providers: [provider(Repository, { class: NeedsDb })] }),
        plugin('render', {
          requires: ['store'],
          controllers: [NeedsRepository, NeedsDb],
          providers: [provider(User, { class: NeedsRepository, scope: 'session' })],
        }),
        plugin('other', { providers: [provider(User, { factory: fails })] }),
      ]),
    ).to.deep.equal([]);
    expect(wiringProblems([])).to.deep.equal([]);
  });

  describe('of tokens', () => {
    it('refuses two providers in one plugin, and in the application', () => {
      expect(
        wiringProblems([
          application({ providers: [value(), value()] }),
          plugin('a', { providers: [value(User), value(User)] }),
        ]),
      ).to.deep.equal([
        "token 'db' has 2 providers for the application: of the application and the application",
        "token 'user' has 2 providers for plugin 'a': of plugin 'a' and plugin 'a'",
      ]);
    });

    it('refuses one that the application provides too', () => {
      expect(
        wiringProblems([application({ providers: [value()] }), plugin('a', { providers: [value()] })]),
      ).to.deep.equal(["token 'db' has 2 providers for plugin 'a': of the application and plugin 'a'"]);
    });

    it('refuses one that a required plugin provides too, also with another scope', () => {
      expect(
        wiringProblems([
          plugin('a', { providers: [value()] }),
          plugin('b', {
            requires: ['a'],
            providers: [provider(Db, { factory: fails, scope: 'session' })],
          }),
        ]),
      ).to.deep.equal(["token 'db' has 2 providers for plugin 'b': of plugin 'a' and plugin 'b'"]);
    });

    it('refuses one of two required plugins, once, and leaves it to those that see one of them', () => {
      const both = ['a', 'b'];
      expect(
        wiringProblems([
          plugin('a', { providers: [value()] }),
          plugin('b', { providers: [value()] }),
          plugin('c', { requires: ['a'], controllers: [NeedsDb] }),
          plugin('d', { requires: both }),
          plugin('e', { requires: both }),
        ]),
      ).to.deep.equal(["token 'db' has 2 providers for plugin 'd': of plugin 'a' and plugin 'b'"]);
    });

    it('tells two tokens of the same name apart', () => {
      const providers = [value(), value(token('db'))];
      expect(wiringProblems([plugin('a', { providers })])).to.deep.equal([]);
    });
  });

  describe('of what classes need', () => {
    it('refuses what nobody provides, with the path from the root', () => {
      expect(
        wiringProblems([
          plugin('render', {
            controllers: [NeedsRepository],
            providers: [provider(Repository, { class: NeedsDb })],
          }),
        ]),
      ).to.deep.equal([
        "nobody provides 'db' for plugin 'render': class NeedsRepository -> token 'repository' (class NeedsDb) -> 'db'",
      ]);
    });

    it('says who provides it for others', () => {
      const store = plugin('store', { providers: [value()] });
      expect(wiringProblems([store, plugin('render', { controllers: [NeedsDb] })])).to.deep.equal([
        "nobody provides 'db' for plugin 'render': class NeedsDb -> 'db' (plugin 'store' provides it: add it to requires)",
      ]);
      expect(
        wiringProblems([store, application({ providers: [provider(Repository, { class: NeedsDb })] })]),
      ).to.deep.equal([
        "nobody provides 'db' for the application: token 'repository' (class NeedsDb) -> 'db' (plugin 'store' provides " +
          'it, for plugins that require it: move what needs it into such a plugin)',
      ]);
    });

    it('does not look through a required plugin', () => {
      expect(
        wiringProblems([
          plugin('a', { providers: [value()] }),
          plugin('b', { requires: ['a'] }),
          plugin('c', { requires: ['b'], controllers: [NeedsDb] }),
        ]),
      ).to.deep.equal([
        "nobody provides 'db' for plugin 'c': class NeedsDb -> 'db' (plugin 'a' provides it: add it to requires)",
      ]);
    });

    it('refuses a class that is not marked, or none', () => {
      const make = () => ({});
      class Unmarked {
        constructor(readonly db: object) {}
      }
      expect(
        wiringProblems([
          plugin('a', { controllers: [Unmarked], providers: [provider(Db, { class: make as never })] }),
        ]),
      ).to.deep.equal([
        "plugin 'a': class Unmarked has constructor parameters and no @injectable()",
        "plugin 'a': token 'db': function 'make' is no class",
      ]);
    });

    it('refuses rings, each once', () => {
      expect(
        wiringProblems([
          plugin('a', {
            controllers: [NeedsDb],
            providers: [
              provider(Db, { class: NeedsRepository }),
              provider(Repository, { class: NeedsDb }),
              provider(User, { class: NeedsUser }),
            ],
          }),
        ]),
      ).to.deep.equal([
        "services of plugin 'a' need each other: token 'db' (class NeedsRepository) -> " +
          "token 'repository' (class NeedsDb) -> token 'db' (class NeedsRepository)",
        "services of plugin 'a' need each other: token 'user' (class NeedsUser) -> token 'user' (class NeedsUser)",
      ]);
    });

    it('refuses what lives longer than what it needs', () => {
      const user = provider(User, { factory: fails, scope: 'session' });
      const problems = wiringProblems([
        plugin('a', { providers: [user] }),
        plugin('b', {
          requires: ['a'],
          controllers: [NeedsUser],
          providers: [
            provider(Db, { class: NeedsUser }),
            provider(Repository, { class: NeedsUser, scope: 'session' }),
          ],
        }),
      ]);
      const way = "ask context.services for 'user' in a handler";
      expect(problems).to.deep.equal([
        `plugin 'b': class NeedsUser outlives 'user', which has scope 'session': ${way}`,
        "plugin 'b': token 'db' (class NeedsUser) outlives 'user', which has scope 'session': " +
          `give 'db' that scope too, or ${way}`,
      ]);
    });
  });

  it('lives with what others report: rings of requirements, and what is required and not there', () => {
    const ring = [
      plugin('a', { requires: ['b', 'a', 'gone'], controllers: [NeedsDb], providers: [value(User)] }),
      plugin('b', { requires: ['a'], controllers: [NeedsUser], providers: [value(Db)] }),
    ];
    expect(wiringProblems(ring)).to.deep.equal([]);
  });
});
