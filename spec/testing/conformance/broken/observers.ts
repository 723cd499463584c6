// Plugins that get in the way of events.
import type { BusError } from '../../../../lib/plugin.js';
import { plugin } from '../healthy.js';
import { as, type Broken, onHub } from './case.js';

export const observers: Broken[] = [
  {
    what: 'an observer throws',
    make: () =>
      plugin(
        'needs-an-error',
        { contributes: { observers: [({ error }) => void (error as BusError).code.length] } },
        onHub,
      ),
    finds: as('hub', {
      'its observers bear every event':
        /throws in observers\[0\] for an event 'joined' with 3 fields: Cannot read properties of undefined/,
    }),
  },
  {
    what: 'an observer is slow',
    make: () =>
      plugin(
        'watches-slowly',
        {
          contributes: {
            observers: [
              ({ kind }) => {
                const end = performance.now() + (kind === 'overflow' ? 130 : 0);
                while (performance.now() < end);
              },
            ],
          },
        },
        onHub,
      ),
    finds: as('hub', {
      'its observers bear every event': /takes 1\d\d ms in observers\[0\] for an event 'overflow'/,
    }),
  },
];
