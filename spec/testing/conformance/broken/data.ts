// Plugins that cannot be listed or run.
import { plugin } from '../healthy.js';
import { as, type Broken, leaveTimer, life, onHub, pair } from './case.js';

const constant = plugin('constant');

export const data: Broken[] = [
  {
    what: 'it is for another SDK, and has a getter',
    make: () => ({
      manifest: { name: 'of-the-future', version: '2.0.0', engines: { drumline: '^9.0.0' } },
      get contributes() {
        return {};
      },
    }),
    finds: {
      'is well formed, and fits this SDK, its roles and what it requires':
        /has getters for contributes: [\s\S]*needs drumline \^9\.0\.0, this is 0\.1\.0/,
    },
  },
  {
    what: 'it requires what is not there',
    make: () => plugin('needs-a-clock', {}, { requires: { clock: '^1.0.0' } }),
    finds: {
      'is well formed, and fits this SDK, its roles and what it requires':
        /needs plugin 'clock' \^1\.0\.0, which is not listed: give it to the kit in options\.with/,
    },
  },
  {
    what: 'it is another one each time',
    make: () =>
      plugin('by-chance', {}, { ...onHub, version: `1.0.${Math.floor(performance.now() * 1_000)}` }),
    finds: { 'is made anew each time': /is another one the second time: the same options must give/ },
  },
  {
    what: 'it is the same object each time',
    make: () => constant,
    finds: { 'is made anew each time': /is one and the same object twice: give the kit a function/ },
  },
  {
    what: 'it opens something as it is made',
    make: () => {
      leaveTimer();
      return plugin('begins-early', {}, onHub);
    },
    options: { limitMs: 1_500 },
    finds: {
      'can be made and listed without running anything of it':
        /opens something as it is made \(1 timer\): leave that to/,
      ...as('hub', {
        [life.begins]: /leaves 1 timer/,
        [life.again]: /leaves 1 timer/,
        [pair]: /leaves 2 timers/,
      }),
    },
  },
  {
    what: 'it cannot be made',
    make: () => {
      throw new Error('no configuration');
    },
    finds: {
      'is well formed, and fits this SDK, its roles and what it requires': /cannot be made: no configuration/,
      'can be made and listed without running anything of it': /cannot be made: no configuration/,
      'is made anew each time': /cannot be made: no configuration/,
    },
  },
];
