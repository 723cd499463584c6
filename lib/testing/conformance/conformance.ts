import type { Plugin } from '../../plugin/manifest.js';
import { codecCases } from './codecs.js';
import { dataCases } from './data.js';
import { detectorCases } from './detector.js';
import { executorCases } from './executors.js';
import { globalCases } from './globals.js';
import { greetingCases } from './greetings.js';
import { handlerCases } from './handlers.js';
import { interceptorCases } from './interceptors.js';
import { lifeCases } from './life.js';
import { loadCases } from './load.js';
import { observerCases } from './observers.js';
import type { ConformanceCase, ConformanceOptions } from './option.js';
import { packageCases } from './package.js';
import { pairCases } from './pair.js';
import { serviceCases } from './services.js';
import { Subject } from './subject.js';

/**
 * The rules that a plugin must keep, as cases for any test runner: those that apply to what its manifest and its
 * contributions say. `make` must give a new plugin at each call. Each case makes a hub and a worker of its own and
 * closes them; it takes milliseconds, the load a second, and no case more than `limitMs` (5,000 ms unless given) and
 * the time to close what is late: give the runner 10,000 ms.
 *
 * A plugin that no hub and no worker takes only has the cases about its data. Never throws: what is wrong with `make`
 * is a case that fails.
 */
export function conformance(
  make: () => Plugin,
  options: ConformanceOptions = {},
): readonly ConformanceCase[] {
  const subject = new Subject(make, options, sampleOf(make));
  const first = [...dataCases(subject), ...packageCases(subject)];
  if (subject.problems().length > 0) return first;
  return [
    ...first,
    ...codecCases(subject),
    ...detectorCases(subject),
    ...greetingCases(subject),
    ...subject.roles.flatMap((role) => [
      ...lifeCases(subject, role),
      ...pairCases(subject, role),
      ...globalCases(subject, role),
      ...serviceCases(subject, role),
      ...executorCases(subject, role),
      ...observerCases(subject, role),
      ...interceptorCases(subject, role),
      ...handlerCases(subject, role),
      ...loadCases(subject, role),
    ]),
  ];
}

function sampleOf(make: () => Plugin): Plugin | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
