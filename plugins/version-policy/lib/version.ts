import semver from 'semver';
import { cut, quoted } from './text.js';

/** A semantic version that could be read. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
  /** `['rc', 1]` of 2.31.0-rc.1; empty for a release. */
  readonly prerelease: readonly (string | number)[];
  /** `2.31.0-rc.1`: without build metadata, and so equal for versions that are. */
  readonly text: string;
}

/** What one side calls its version. */
export interface NamedVersion {
  /** As it was given; `undefined` if there is none. Of any length, and with any characters. */
  readonly text: string | undefined;
  /** `undefined` if there is none, or it is blank, longer than 256 characters or no semantic version. */
  readonly parsed: Version | undefined;
}

/** Longer ones are not parsed: the bound of `semver`, and of the hub's own report. */
const longest = 256;

/** Reads a version by the rules by which the hub reports an odd one. Never throws, whatever the value. */
export function namedVersion(given: unknown): NamedVersion {
  if (typeof given !== 'string') return { text: undefined, parsed: undefined };
  const parsed = given.length > longest ? null : semver.parse(given);
  if (parsed === null) return { text: given, parsed: undefined };
  const { major, minor, patch, prerelease, version } = parsed;
  return { text: given, parsed: { major, minor, patch, prerelease, text: version } };
}

/** Whether somebody wrote no version at all: an unset variable often arrives as a blank text. */
export const isMissing = ({ text }: NamedVersion): boolean =>
  text === undefined || (text.length <= longest && text.trim() === '');

/** `version 2.31.0`, `version 'latest'` or `no version`. */
export function described(named: NamedVersion): string {
  const { text = '', parsed } = named;
  if (parsed) return `version ${cut(text.trim(), 64)}`;
  return isMissing(named) ? 'no version' : `version ${quoted(text)}`;
}

/** Why a version cannot be compared. */
export const unreadableText = (named: NamedVersion): string =>
  (named.text ?? '').length > longest
    ? `version is longer than ${longest} characters`
    : `version ${quoted(named.text ?? '')} is not a semantic version`;
