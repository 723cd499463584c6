const { availableParallelism } = require('node:os');

// Most specs wait for other processes or for time to pass: two files at once take half the time of one after the other.
// `--no-parallel` runs them in one process, which does not end as long as a spec leaves something open.
module.exports = {
  // What takes longest goes first, beside all the rest.
  spec: [
    'build/spec/simulation/simulation.spec.js',
    'build/spec/!(simulation)/**/*.spec.js',
    'build/spec/simulation/!(simulation).spec.js',
    'plugins/*/build/spec/**/*.spec.js',
  ],
  ignore: [
    'build/spec/check/**',
    'build/spec/faults/**',
    'build/spec/testing/conformance/{broken,good}.spec.js',
  ],
  'node-option': ['enable-source-maps'],
  timeout: 10_000,
  'forbid-only': true,
  parallel: true,
  jobs: Math.max(2, Math.min(4, availableParallelism())),
};
