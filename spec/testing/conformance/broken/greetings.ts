// Plugins that get in the way of workers.
import { BusError } from '../../../../lib/plugin.js';
import { plugin } from '../healthy.js';
import { as, type Broken, never, onHub, pair } from './case.js';

export const greetings: Broken[] = [
  {
    what: 'a handshake breaks on an absent version',
    make: () =>
      plugin(
        'reads-the-version',
        {
          contributes: {
            handshake: [
              (next) => (hello, context) => {
                if ((hello.version as string).split('.')[0] === '9')
                  throw new BusError('incompatible', 'too new');
                return next(hello, context);
              },
            ],
          },
        },
        onHub,
      ),
    finds: as('hub', {
      'answers every strange greeting, and serves the others':
        /breaks on a greeting with nothing in it: .*Cannot read properties of undefined.*throw a BusError/,
    }),
  },
  {
    what: 'a handshake never answers a long version',
    make: () =>
      plugin(
        'ponders',
        {
          contributes: {
            handshake: [
              (next) => (hello, context) =>
                (hello.version?.length ?? 0) > 1_000 ? never() : next(hello, context),
            ],
          },
        },
        onHub,
      ),
    finds: as('hub', {
      'answers every strange greeting, and serves the others':
        /gives no answer to a greeting with the version of 60000 characters within 1200 ms/,
    }),
  },
  {
    what: 'authentication lets everybody in',
    make: () => plugin('lets-in', { contributes: { authenticate: () => ({ subject: 'anybody' }) } }, onHub),
    finds: as('hub', {
      'lets nobody in who says nothing of itself': /authenticate must throw unless it knows/,
    }),
  },
  {
    what: 'authentication lets nobody in',
    make: () =>
      plugin(
        'lets-nobody-in',
        {
          contributes: {
            authenticate() {
              throw new BusError('unauthenticated', 'no');
            },
          },
        },
        onHub,
      ),
    finds: as('hub', {
      'answers every strange greeting, and serves the others':
        /does not let the kit's worker in: .*options\.greeting/,
      'lets nobody in who says nothing of itself': /options\.greeting/,
      [pair]: /options\.greeting/,
      'changes nothing that is global': /options\.greeting/,
    }),
  },
];
