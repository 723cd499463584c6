import semver from 'semver';

/**
 * Whether a version lies in a range. A release candidate does where its release would, so that a plugin can be tried
 * with it before the release is out.
 */
export function fits(version: string, range: string): boolean {
  const parsed = semver.parse(version);
  if (parsed === null) return false;
  return semver.satisfies(parsed, range) || semver.satisfies(release(parsed), range);
}

const release = ({ major, minor, patch }: semver.SemVer): string => `${major}.${minor}.${patch}`;

/** Whether a value is a semver range. */
export const isRange = (value: unknown): value is string =>
  typeof value === 'string' && semver.validRange(value) !== null;
