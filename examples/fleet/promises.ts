import { Render } from './contract.js';
import {
  beat,
  burst,
  fleet,
  lane,
  mortal,
  painter,
  plans,
  quotaRequests,
  relic,
  renderMs,
  waitMs,
} from './setting.js';
import { figure } from './text.js';

/** Everything that is checked, in the order in which it happens. */
export const promises = {
  admitted: 'every version is let in, and what is odd is said',
  greeting: 'no greeting hurts the hub',
  workersWait: `a handler that waits ${figure(waitMs)} ms on a worker makes nobody suspect (lost after ${figure(beat.lostAfterMs)} ms)`,
  hubWaits: `handlers that wait ${figure(waitMs)} ms on the hub make nobody suspect`,
  once: `a burst of ${figure(burst.messages)} is handled once each, by the worker's own count`,
  bounded: `at most ${lane.capacity} of them wait and ${lane.concurrency} run at a time`,
  requests: 'a request to each worker and to any() is answered',
  stream: 'a stream of replies is complete and in order',
  found: `${mortal} killed itself and was found dead`,
  rejected: 'what was in flight to it is rejected once, as peer-lost',
  replaced: 'its new process is served under the same id',
  blocked: `a handler that computes ${figure(renderMs)} ms makes ${painter.id} stalled by ${Render.type}, and neither suspect nor lost`,
  back: `after a restart of the hub all ${fleet.length} workers are back by themselves`,
  survived: 'the same processes of the workers live through it',
  clinging: 'what was in flight to the old hub is rejected once, as peer-lost',
  refused: `a worker ${relic.version} is refused with both versions and stays away; the others are served`,
  limited: `of ${quotaRequests} requests of a guest the quota lets ${plans.guest} through; the crew is not limited`,
  metrics: "the hub's metrics, read over HTTP, agree with what the processes counted",
  sums: 'whatever was accepted or offered is accounted for, on the hub and on every worker',
  ended: 'every process ends by itself when it is told to leave',
} as const;

export type PromiseName = keyof typeof promises;
