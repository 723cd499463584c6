/**
 * All contestants at one case: each warmed up, then round by round in turn, each round beginning with another one, so that
 * a slow minute of the machine meets them all. One that fails is reported, and the others go on.
 * @param {import('./cases.mjs').Case} one
 */
export async function compare(one, size, options, report) {
  const where = { name: one.name, size, flags: options.flags, unit: one.profiled };
  const needs = [...one.needs, ...(one.needsAt?.[size] ?? [])];
  let entries = [];
  const each = async (entry, act) => {
    try {
      await act(entry);
    } catch (error) {
      entries = entries.filter((other) => other !== entry);
      entry.running?.kill();
      report.fail(where, entry.who, error);
    }
  };

  entries = options.contestants
    .filter(({ missing, can }) => !missing && needs.every((need) => can.has(need)))
    .map((contestant) => ({ contestant, who: contestant.name, running: undefined, rounds: [] }));
  for (const entry of [...entries]) {
    await each(entry, async () => {
      entry.running = await one.open(entry.contestant, size, options);
    });
  }
  for (const entry of [...entries]) await each(entry, () => entry.running.warmUp());
  for (let round = 0; round < options.rounds; round++) {
    const first = round % Math.max(1, entries.length);
    for (const entry of [...entries.slice(first), ...entries.slice(0, first)]) {
      await each(entry, async () => entry.rounds.push(await entry.running.round()));
    }
  }
  if (entries.length > 0) report.add(where, entries);
  await Promise.all([...entries].map((entry) => each(entry, () => entry.running.close())));
}
