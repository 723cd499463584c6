import { expect } from 'chai';
import * as door from '../../lib/plugin.js';
import { arrowsOf } from '../house/imports.js';
import { sourcesOf } from '../house/sources.js';

/** Every file and package that a file loads when it runs. */
function loaded(entry: string): Set<string> {
  const arrows = arrowsOf(sourcesOf('lib')).filter(({ typeOnly }) => !typeOnly);
  const found = new Set([entry]);
  for (const path of found) for (const { from, to } of arrows) if (from === path) found.add(to);
  return found;
}

describe('the door for plugins', () => {
  it('has these names, and no others', () => {
    expect(Object.keys(door).sort()).to.deep.equal([
      'BusError',
      'HUB',
      'PEER',
      'WORKER',
      'all',
      'any',
      'defineMessage',
      'definePlugin',
      'describe',
      'handler',
      'handles',
      'inject',
      'injectable',
      'provider',
      'token',
    ]);
  });

  it('loads no RxJS, no transport and no container', () => {
    const names = [...loaded('lib/plugin.ts')];
    expect(names).to.include('lib/handler/registration.ts');
    expect(names.filter((name) => /rxjs|grpc|tsyringe|reflect/.test(name))).to.deep.equal([]);
  });
});
