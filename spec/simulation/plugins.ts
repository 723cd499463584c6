import type { Plugin } from '../../lib/plugin/manifest.js';
import { provider } from '../../lib/services/provider.js';
import { token } from '../../lib/services/token.js';
import { Mirror } from '../handler/mirror.js';
import { phiAccrual } from '../session/phi-accrual.js';
import type { Book } from './book.js';

/** Services of sessions of one process: how many there are. */
export class Visits {
  open = 0;

  constructor(private readonly book: Book) {}

  begin(): Visit {
    this.open += 1;
    return new Visit(() => {
      this.open -= 1;
      if (this.open < 0) this.book.violation('a service of a session was disposed of twice');
    });
  }
}

class Visit {
  seen = 0;

  constructor(private readonly end: () => void) {}

  [Symbol.dispose](): void {
    this.end();
  }
}

const VISIT = token<Visit>('visit');

/** Interceptors of handlers and sends, a service for each session, and a codec. */
export const around = (visits: Visits): Plugin => ({
  manifest: { name: 'around', version: '1.0.0', engines: { drumline: '*' } },
  contributes: {
    codecs: [new Mirror()],
    providers: [provider(VISIT, { scope: 'session', factory: () => visits.begin() })],
    interceptors: [
      {
        handler: (next) => (message, context) => {
          const visit = context.services.get(VISIT);
          visit.seen += 1;
          // Every third answer comes a moment later than the handler gave it.
          return visit.seen % 3 === 0 ? Promise.resolve(next(message, context)) : next(message, context);
        },
        send: (next) => (message, context) =>
          next({ ...message, headers: { ...message.headers, by: 'around' } }, context),
      },
    ],
  },
});

/** How often a detector was asked that had learnt something, in this thread. */
export const learnt = { asked: 0 };

/** Judges silence by what it has heard. */
export const learning = (): Plugin => ({
  manifest: { name: 'phi-accrual', version: '1.0.0', engines: { drumline: '*' } },
  contributes: {
    detector: (timing) => {
      const phi = phiAccrual({ leastDeviationMs: 10 })(timing);
      return {
        heard: (at) => phi.heard(at),
        suspectAfterMs() {
          const ms = phi.suspectAfterMs();
          if (ms !== timing.suspectAfterMs) learnt.asked += 1;
          return ms;
        },
      };
    },
  },
});
