import { conformance } from 'drumline/testing';
import { metrics } from '../lib/index.js';

describe('The plugin conforms', () => {
  const cases = conformance(() => metrics({ listen: '127.0.0.1:0' }), {
    packageJson: new URL('../../package.json', import.meta.url),
  });
  for (const { name, run } of cases) it(name, run).timeout(10_000);
});
