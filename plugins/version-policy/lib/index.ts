// The door `@drumline/version-policy`: the plugin, its policies, and what a policy of one's own needs.
export { adjacentMinor, type MinorSkew } from './adjacent-minor.js';
export { exact } from './exact.js';
export { firstOf } from './first-of.js';
export { lenient } from './lenient.js';
export { type VersionPolicyOptions, versionPolicy } from './plugin.js';
export {
  type Abstention,
  type Admission,
  type Greeting,
  greetingOf,
  type Objection,
  type Policy,
  type Verdict,
} from './policy.js';
export { range } from './range.js';
export type { AsHub } from './readable.js';
export { type Decision, type ShadowOptions, shadow } from './shadow.js';
export { unreadable } from './unreadable.js';
export type { NamedVersion, Version } from './version.js';
