import { Session } from 'node:inspector';

/** Shorter ones take more away from what they measure: two processes and two samplers share the cores. */
const intervalUs = 500;

/** Samples the main thread of this process; the function that it gives ends that and gives the profile. */
export function sample() {
  const session = new Session();
  session.connect();
  // Within one thread the inspector answers before `post` returns.
  const post = (/** @type {string} */ method, parameters = {}) => {
    let answer;
    session.post(method, parameters, (error, result) => {
      if (error) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  };
  post('Profiler.enable');
  post('Profiler.setSamplingInterval', { interval: intervalUs });
  post('Profiler.start');
  return () => {
    const { profile } = post('Profiler.stop');
    session.disconnect();
    return profile;
  };
}

/**
 * Self time of each function between two moments: a sample stands for the time until the next one. V8 takes its times from
 * the same clock as `process.hrtime`, so that all of the span is spread over functions, and nothing from outside it.
 * @param {import('node:inspector').Profiler.Profile} profile
 * @param {number} beganUs
 * @param {number} endedUs
 */
export function selfTimes({ nodes, samples = [], timeDeltas = [], startTime, endTime }, beganUs, endedUs) {
  const functions = new Map();
  const ofNode = new Map(
    nodes.map(({ id, callFrame: { functionName: name, url, lineNumber } }) => {
      const key = `${name} ${url}:${lineNumber}`;
      if (!functions.has(key)) functions.set(key, { name, url, line: lineNumber + 1, us: 0 });
      return [id, functions.get(key)];
    }),
  );
  let at = startTime;
  samples.forEach((id, n) => {
    at += timeDeltas[n];
    const until = n + 1 < samples.length ? at + timeDeltas[n + 1] : endTime;
    ofNode.get(id).us += Math.max(0, Math.min(until, endedUs) - Math.max(at, beganUs));
  });
  return [...functions.values()].filter(({ us }) => us > 0);
}
