import { conformance } from 'drumline/testing';
import {
  adjacentMinor,
  exact,
  firstOf,
  lenient,
  type Policy,
  range,
  shadow,
  unreadable,
  versionPolicy,
} from '../lib/index.js';

const policies: readonly (() => Policy)[] = [
  exact,
  () => range('^2.30'),
  adjacentMinor,
  unreadable,
  lenient,
  () => firstOf(adjacentMinor(), unreadable()),
  () => shadow(exact()),
];

for (const policy of policies) {
  describe(`The plugin with ${policy().name} conforms`, () => {
    const cases = conformance(() => versionPolicy(policy()), {
      hub: { version: '2.32.0' },
      greeting: { version: policy().name === unreadable().name ? 'nightly' : '2.32.0' },
      packageJson: new URL('../../package.json', import.meta.url),
    });
    for (const { name, run } of cases) it(name, run).timeout(10_000);
  });
}
