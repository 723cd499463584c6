import { now } from '../commands.mjs';
import { percentiles } from '../gaps.mjs';
import { isPayload } from '../payloads.mjs';
import { watch } from '../stall.mjs';

/** Fails `work` when `progress` stops. */
async function whileItMoves(progress, work) {
  let stop = () => {};
  const stalled = new Promise((_, reject) => {
    stop = watch(progress, () => reject(new Error(`${progress()} replies came, then none for four seconds`)));
  });
  try {
    return await Promise.race([work, stalled]);
  } finally {
    stop();
  }
}

function check(payloads, reply, n, verb) {
  if (verb === 'request' && !isPayload(payloads, reply, n))
    throw new Error(`reply ${n} is not what was sent`);
}

/** Keeps `inFlight` requests (or acknowledged sends) under way while `more(n)`; gives how many there were. */
export async function keepInFlight(side, payloads, inFlight, verb, more) {
  let next = 0;
  let done = 0;
  const loop = async () => {
    while (more(next)) {
      const n = next++;
      check(payloads, await side[verb](payloads[n % payloads.length]), n, verb);
      done++;
    }
  };
  await whileItMoves(() => done, Promise.all(Array.from({ length: inFlight }, loop)));
  return done;
}

export async function requestAll(side, payloads, count, inFlight, verb) {
  const began = now();
  await keepInFlight(side, payloads, inFlight, verb, (n) => n < count);
  return { began, at: now() };
}

export const requestFor = (side, payloads, until, inFlight, verb) =>
  keepInFlight(side, payloads, inFlight, verb, () => performance.now() < until);

const parts = { p50: 0.5, p99: 0.99, 'p99.9': 0.999 };

/**
 * Sends requests at a steady rate, whether or not the ones before are answered. A latency counts from the moment at which
 * its request should have been sent, so what a stall holds back counts too. It never sleeps: a timer would add to all.
 */
export async function requestPaced(side, payloads, count, perSecond) {
  const latencies = new Float64Array(count);
  const began = now();
  let next = 0;
  let done = 0;
  let failure;
  const send = (n) => {
    const intended = began + (n * 1000) / perSecond;
    side
      .request(payloads[n % payloads.length])
      .then((reply) => {
        latencies[n] = now() - intended;
        check(payloads, reply, n, 'request');
        done++;
      })
      .catch((error) => {
        failure ??= error;
      });
  };
  const sending = (async () => {
    while (done < count && failure === undefined) {
      const due = Math.min(count, Math.floor(((now() - began) * perSecond) / 1000) + 1);
      while (next < due) send(next++);
      await new Promise(setImmediate);
    }
    if (failure !== undefined) throw failure;
  })();
  await whileItMoves(() => done, sending);
  return { began, at: now(), ...percentiles(Array.from(latencies), parts) };
}
