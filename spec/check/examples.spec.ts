import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../house/sources.js';
import { must } from './run.js';

const limitMs = 75_000;
const isTest = (file: string): boolean => file.endsWith('.test.js');

describe('Each example', () => {
  const folder = join(root, 'examples');
  const entries = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  const names = entries.filter((entry) => entry.isDirectory());

  for (const { name } of names) {
    it(`${name} runs to its end`, () => {
      must('node', [join(folder, name, 'build/main.js')], limitMs);
    }).timeout(limitMs + 5000);

    const tests = join(folder, name, 'build/test');
    if (existsSync(tests))
      it(`${name} passes its own tests`, () => {
        must(
          'node',
          [
            '--test',
            ...readdirSync(tests)
              .filter(isTest)
              .map((file) => join(tests, file)),
          ],
          limitMs,
        );
      }).timeout(limitMs + 5000);
  }
});
