import { installed } from './install.mjs';

if (!installed()) process.exit(1);
const { readOptions } = await import('./options.mjs');
const options = readOptions();
if (options.guard) {
  const { guard } = await import('./allocation.mjs');
  process.exit((await guard(options.record)) ? 0 : 1);
}
if (options.tuning) {
  const { tune } = await import('./tuning.mjs');
  process.exit((await tune(options)) ? 0 : 1);
}
const { compare } = await import('./compare.mjs');
const { Report } = await import('./report.mjs');
const { ProfileReport } = await import('./profile/profile-report.mjs');
const { openFiles } = await import('./setting.mjs');

/** What a process has open besides its connections. */
const spareFiles = 100;

for (const { name, missing } of options.contestants) {
  if (missing) console.log(`not run here: ${name}, ${missing}`);
}
const report = options.profile ? new ProfileReport(options) : new Report(options);
for (const one of options.cases) {
  if ((one.files ?? 0) + spareFiles > openFiles()) {
    report.say(
      `not run here: ${one.name}, its hub needs ${one.files} connections, this machine allows ${openFiles()} open files`,
    );
    continue;
  }
  const sizes = one.sizes?.filter(
    (size) => one.sizes.length === 1 || (options.sizes?.includes(size) ?? true),
  );
  const rounds = Math.min(options.rounds, one.mostRounds ?? options.rounds);
  for (const { flags, sizes: few, names } of one.flagged ? options.flagSets : options.flagSets.slice(0, 1)) {
    const contestants = options.contestants.filter(({ name }) => names?.includes(name) ?? true);
    for (const size of sizes ?? [undefined]) {
      if (few?.includes(size) ?? true)
        await compare(one, size, { ...options, rounds, contestants, flags }, report);
    }
  }
}
report.end();
process.exit(report.failed === 0 ? 0 : 1);
