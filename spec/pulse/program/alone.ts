// Wants beats for a session whose hub is not there, and has nothing else to do.
import { ThreadPulse } from '../../../lib/pulse/thread-pulse.js';

const [address = ''] = JSON.parse(process.argv[2] ?? '');
process.channel?.unref();
const member = new ThreadPulse().join({
  load: () => ({ inFlight: 0, queued: 0, handled: 0, oldestMs: 0 }),
  oldest: () => [],
  began: (cause) => process.send?.({ began: cause }),
  lost: (cause) => process.send?.({ lost: cause }),
  redial() {},
});
member.beat({
  address,
  worker: 'w1',
  epoch: '1',
  token: 'secret',
  intervalMs: 50,
  lostAfterMs: 500,
  reconnect: { initialMs: 10, maxMs: 50 },
});
// Long enough for the thread to be there and to have tried.
setTimeout(() => process.send?.({ done: true }), 500);
