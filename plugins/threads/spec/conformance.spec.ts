import { conformance } from 'drumline/testing';
import { threads } from '../lib/index.js';

describe('The plugin conforms', () => {
  const cases = conformance(() => threads(), { packageJson: new URL('../../package.json', import.meta.url) });
  for (const { name, run } of cases) it(name, run).timeout(10_000);
});
