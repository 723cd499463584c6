import { BusError } from '../errors/bus-error.js';
import { encodeBatch } from '../frame/codec.js';
import type { Pulse } from '../frame/frame.js';
import { type Opening, type OpeningOptions, open } from '../session/opening.js';
import { asBusError, refusalOf } from '../session/refusal.js';
import type { Session } from '../session/session.js';
import type { Clock } from '../time/clock.js';
import type { Link } from '../transport/link.js';
import { newToken, sameToken } from './admission.js';
import { Crowd } from './crowd.js';

export interface PulsesOptions {
  readonly clock: Clock;
  readonly handshakeTimeoutMs: number;
  readonly maxHelloBytes: number;
  readonly maxGreetings: number;
  readonly maxGreetingsPerAddress: number;
  /** The worker with this id. */
  member(id: string): PulseHolder | undefined;
  refused(): void;
  unknownFrames(error: BusError): void;
}

/** Who a pulse may beat for. */
export interface PulseHolder {
  readonly epoch: string;
  /** The secret of its session; undefined where no pulse was agreed upon. */
  readonly pulseToken: string | undefined;
  readonly session: Session;
}

/**
 * The way in for pulses. It is bounded like that of workers, and has places of its own: whoever fills one keeps nobody
 * from the other. One that is let in is its session's, and there is one for each.
 */
export class Pulses {
  readonly #crowd: Crowd;
  /** Compared where there is no other: who asks for a worker that is not there waits no less. */
  readonly #nobody = newToken();

  readonly #opening: OpeningOptions;

  constructor(private readonly options: PulsesOptions) {
    const { clock, handshakeTimeoutMs: timeoutMs, maxHelloBytes: maxBytes, unknownFrames } = options;
    // A beat is small: a batch that is larger than a greeting may be ends its pulse.
    this.#opening = { clock, timeoutMs, maxBytes, maxBatchBytes: maxBytes, onUnknown: unknownFrames };
    this.#crowd = new Crowd(options.maxGreetings, options.maxGreetingsPerAddress);
  }

  async greet(link: Link): Promise<void> {
    let leave = () => {};
    try {
      leave = this.#crowd.enter(link.peer);
      const opening = await open(link, this.#opening);
      this.#check(opening).attachPulse(opening);
    } catch (thrown) {
      const error = asBusError(thrown);
      this.options.refused();
      link.write(encodeBatch([refusalOf(error, error.retryable ? 1_000 : 0)]), () => {});
      await link.close();
    } finally {
      leave();
    }
  }

  /** The session that the first frame names, if that proves it. What is wrong, nobody is told. */
  #check({ first, ended, link }: Opening): Session {
    if (first.kind !== 'pulse')
      throw new BusError('protocol', `the first frame must be a pulse, this was a ${first.kind}`);
    const { worker, epoch, token }: Pulse = first;
    const member = this.options.member(worker);
    const secret = member?.pulseToken;
    const lives = member !== undefined && member.session.state.name !== 'ended' && member.epoch === epoch;
    // Compared in any case, and in a time that tells nothing.
    const proved = sameToken(token, secret ?? this.#nobody);
    if (!lives || secret === undefined || !proved)
      throw new BusError(
        'unauthenticated',
        'no session that lives has this secret: a pulse begins with what the welcome said',
      );
    if (ended) throw new BusError('peer-lost', `${link.peer.address} hung up before its pulse began`);
    return member.session;
  }
}
