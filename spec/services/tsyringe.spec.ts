import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { container as globalContainer } from 'tsyringe';
import { provider } from '../../lib/services/provider.js';
import { token } from '../../lib/services/token.js';
import { application, injectionOf, plugin, thrown } from './rig.js';

/** What a program tells on its last line. */
async function told(program: string, ...flags: string[]): Promise<unknown> {
  const path = fileURLToPath(new URL(`./program/${program}.js`, import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, path]);
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

const Db = token<object>('db');
const User = token<object>('user');

describe('the injection on tsyringe', () => {
  // Never `reset()`: others in this process keep theirs in the global container.

  it('sees nothing of the global container', () => {
    const Global = token<object>('global');
    globalContainer.register(Global, { useValue: {} });
    const injection = injectionOf(
      application({ providers: [provider(User, { value: {} })] }),
      plugin('a', { providers: [provider(token('other'), { factory: () => ({}), scope: 'session' })] }),
    );
    for (const services of [injection.of(undefined), injection.of('a'), injection.session().of('a')])
      expect(thrown(() => services.get(Global)).message).to.match(/^nobody provides 'global'/);
  });

  it('is not disturbed by what the global container says about its tokens', () => {
    const ours = { ours: true };
    const Both = token<object>('both');
    const injection = injectionOf(plugin('a', { providers: [provider(Both, { value: ours })] }));
    globalContainer.register(Both, { useValue: {} });
    expect(injection.of('a').get(Both)).to.equal(ours);
  });

  it('shows nothing in the global container', () => {
    class Controller {}
    const injection = injectionOf(
      application({ providers: [provider(User, { class: Controller })] }),
      plugin('a', { providers: [provider(Db, { factory: () => ({}), scope: 'session' })] }),
    );
    injection.build('a', Controller);
    injection.of('a').get(User);
    injection.session().of('a').get(Db);
    for (const name of [Db, User, Controller]) expect(globalContainer.isRegistered(name)).to.equal(false);
  });

  it('does not see what another injection provides', () => {
    injectionOf(application({ providers: [provider(Db, { value: {} })] }));
    expect(thrown(() => injectionOf(application()).of(undefined).get(Db)).code).to.equal('plugin');
  });

  it('is all that loads tsyringe and a polyfill', async function () {
    this.timeout(30_000);
    expect(await told('light')).to.deep.equal({
      parameters: 1,
      before: { polyfill: false, packages: [] },
      after: { polyfill: true, packages: ['tsyringe', 'reflect-metadata'] },
    });
  });

  it('keeps nothing of ten thousand sessions that have ended', async function () {
    this.timeout(30_000);
    expect(await told('sessions', '--expose-gc')).to.deep.equal({
      before: 30_000,
      after: 0,
      disposed: 20_000,
      refused: 10_000,
      db: true,
    });
  });
});
