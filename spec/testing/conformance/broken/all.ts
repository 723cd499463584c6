import { around } from './around.js';
import type { Broken } from './case.js';
import { data } from './data.js';
import { greetings } from './greetings.js';
import { handlers } from './handlers.js';
import { lives } from './life.js';
import { observers } from './observers.js';
import { parts } from './parts.js';

/** Plugins that each break a rule, with the cases that must say so. */
export const broken: readonly Broken[] = [
  ...data,
  ...lives,
  ...handlers,
  ...around,
  ...observers,
  ...greetings,
  ...parts,
];
