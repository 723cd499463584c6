// One process of one contestant: a hub or a client. The runner tells it over IPC what to do.
import { isPayload, payloadsOf } from './payloads.mjs';

const [role, module] = process.argv.slice(2);
const contestant = await import(module);
/** @type {import('./contestants.mjs').Side} */
let side;
let payloads = payloadsOf(32);
/** @type {{ count: number, got: number, problem?: string, done: () => void }} */
let counter = { count: 0, got: 0, done: () => {} };

const now = () => Number(process.hrtime.bigint()) / 1e6;
const tell = (/** @type {object} */ report) => process.send?.(report);

function receive(/** @type {Uint8Array} */ payload) {
  if (!isPayload(payloads, payload, counter.got))
    counter.problem ??= `message ${counter.got} is not what was sent`;
  counter.got++;
  if (counter.got >= counter.count) counter.done();
}

async function publishAll(/** @type {number} */ count) {
  for (let n = 0; n < count; n++) {
    const room = side.publish(payloads[n % payloads.length]);
    if (room !== undefined) await room;
  }
}

async function requestAll(/** @type {number} */ count, /** @type {number} */ inFlight) {
  if (side.request === undefined) throw new Error('this side sends no requests');
  let next = 0;
  const loop = async () => {
    while (next < count) {
      const n = next++;
      const reply = await side.request?.(payloads[n % payloads.length]);
      if (reply === undefined || !isPayload(payloads, reply, n))
        throw new Error(`reply ${n} is not what was sent`);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, loop));
}

/** Commands of the runner; each answers once it is done. Times are of the machine's own clock, so they can be compared. */
const commands = {
  async open(/** @type {{ address?: string }} */ { address }) {
    if (role === 'client') {
      side = await contestant.open(address);
      side.receive(receive);
      return {};
    }
    const hub = await contestant.open();
    hub.side.then((/** @type {import('./contestants.mjs').Side} */ opened) => {
      side = opened;
      side.receive(receive);
      tell({ ready: true });
    });
    return { address: hub.address };
  },
  size({ size }) {
    payloads = payloadsOf(size);
  },
  /** Answers at once; a second report, `received`, follows when all have come. */
  expect({ count }) {
    counter = {
      count,
      got: 0,
      done: () => tell({ received: true, at: now(), got: counter.got, problem: counter.problem }),
    };
  },
  async publish({ count }) {
    const began = now();
    await publishAll(count);
    return { began };
  },
  async request({ count, inFlight }) {
    const began = now();
    await requestAll(count, inFlight);
    return { began, at: now() };
  },
  /** What arrived after the last expected message: none may. */
  rest: () => ({ extra: counter.got - counter.count }),
  async close() {
    await side?.close();
    process.disconnect();
    setTimeout(() => process.exit(0), 200).unref();
  },
};

process.on('message', async ({ command, ...rest }) => {
  try {
    tell({ reply: command, ...(await commands[command](rest)) });
  } catch (error) {
    tell({ reply: command, error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit(0));
tell({ reply: 'start' });
