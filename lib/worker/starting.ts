import type { BusError } from '../errors/bus-error.js';
import type { Welcome } from '../frame/frame.js';
import type { Agreement } from '../handshake/negotiate.js';
import type { Cancel } from '../time/clock.js';

/** A `start` that waits for its welcome. */
export class Starting {
  resolve!: (agreement: Agreement) => void;
  reject!: (error: BusError) => void;
  last: BusError | undefined;
  cancelTimer: Cancel = () => {};
  readonly promise = new Promise<Agreement>((resolve, reject) => {
    this.resolve = (agreement) => {
      this.cancelTimer();
      resolve(agreement);
    };
    this.reject = (error) => {
      this.cancelTimer();
      reject(error);
    };
  });
}

/** The agreement, as the welcome tells it. */
export const agreementOf = ({ protocol, features, reasons, maxPayloadBytes }: Welcome): Agreement => ({
  protocol,
  features,
  limits: { maxPayloadBytes, maxUnanswered: Number.POSITIVE_INFINITY },
  degraded: reasons.length > 0,
  reasons,
});
