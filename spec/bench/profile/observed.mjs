/** One measurement while all processes of both sides are watched. */
async function observed({ hub, workers }, run, sampling) {
  const all = [hub, ...workers];
  await Promise.all(all.map((one) => one.ask('observe', { sampling })));
  const { began, at, count, ...measured } = await run();
  const [ofHub, ...ofWorkers] = await Promise.all(all.map((one) => one.ask('observed', { began, at })));
  return { count, us: (at - began) * 1000, measured, worker: ofWorkers, hub: [ofHub] };
}

/**
 * A round: what `run` measured. With `--profile` it is two measurements, the second one with samples.
 * @param {{ profile: boolean }} options
 * @param {{ hub: import('../child.mjs').Child, workers: import('../child.mjs').Child[] }} sides
 * @param {() => Promise<{ began: number, at: number, count: number } & Record<string, number>>} run says when it was,
 *   and how many there were of what time is told of
 */
export async function roundOf(options, sides, run) {
  if (options.profile)
    return { plain: await observed(sides, run, false), sampled: await observed(sides, run, true) };
  const { began, at, count, ...measured } = await run();
  return measured;
}
