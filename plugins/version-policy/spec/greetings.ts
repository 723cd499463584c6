import {
  adjacentMinor,
  exact,
  firstOf,
  lenient,
  type Policy,
  range,
  shadow,
  unreadable,
} from '../lib/index.js';

/** The version of the hub in the table below. */
export const hubVersion = '2.32.0';

/** The columns of the table, in order. */
export const policies: readonly Policy[] = [
  exact(),
  range('^2.30'),
  adjacentMinor(),
  unreadable(),
  lenient(),
  firstOf(adjacentMinor(), unreadable()),
  firstOf(exact(), lenient()),
  shadow(exact()),
];

/** A admits, D admits or abstains with a reason of its own, O objects, - abstains. */
export type Mark = 'A' | 'D' | 'O' | '-';

export interface Row {
  readonly name: string;
  readonly version: unknown;
  readonly marks: readonly Mark[];
}

const row = (name: string, version: unknown, marks: string): Row => ({
  name,
  version,
  marks: marks.split(' ') as Mark[],
});

const same = 'A A A - A A A -';
const minor = 'O A A - A A D D';
const inRange = 'O A O - A O D D';
const foreign = 'O O O - A O D D';
const odd = 'O O O A A A D D';

/** What workers may call their version, and what each policy makes of it. */
export const rows: readonly Row[] = [
  row('the same', '2.32.0', same),
  row('the same with build metadata', '2.32.0+linux.5', same),
  row('the same behind a v', 'v2.32.0', same),
  row('the same between blanks', ' 2.32.0\n', same),
  row('another patch', '2.32.7', minor),
  row('the minor before', '2.31.9', minor),
  row('a prerelease of the same', '2.32.0-rc.1', minor),
  row('a prerelease of the minor before', '2.31.0-beta.2+build', minor),
  row('two minors before', '2.30.0', inRange),
  row('a prerelease two minors before', '2.30.0-rc.1', inRange),
  row('the minor after', '2.33.0', inRange),
  row('a prerelease of the minor after', '2.33.0-alpha', inRange),
  row('a minor that begins alike', '2.3.0', foreign),
  row('a minor that ends alike', '2.2.0', foreign),
  row('the major before', '1.32.0', foreign),
  row('the major after', '3.32.0', foreign),
  row('a prerelease of the major after', '3.0.0-rc.1', foreign),
  row('nothing', '0.0.0', foreign),
  row('the largest', `${Number.MAX_SAFE_INTEGER}.0.0`, foreign),
  row('absent', undefined, odd),
  row('empty', '', odd),
  row('blank', ' \t\n ', odd),
  ...[
    'null',
    'None',
    'undefined',
    'NaN',
    '__proto__',
    '[object Object]',
    'latest',
    '-1',
    '2',
    '2.32',
    'v2.3',
  ].map((text) => row(`'${text}'`, text, odd)),
  row('a range', '2.32.x', odd),
  row('four numbers', '2.32.0.1', odd),
  row('a leading zero', '2.032.0', odd),
  row('a number beyond all', '9007199254740993.0.0', odd),
  row('other digits', '٢.٣٢.٠', odd),
  row('a zero byte', '2.32.0\u0000', odd),
  row('half a character', '\ud800', odd),
  row('a prerelease of 300 characters', `2.32.0-${'a.'.repeat(150)}a`, odd),
  row('a thousand digits', '1'.repeat(1_000), odd),
  row('a million characters', 'x'.repeat(1_000_000), odd),
  row('a million digits', `2.32.${'0'.repeat(1_000_000)}`, odd),
  row('a million blanks', ' '.repeat(1_000_000), odd),
  row('the JSON null', null, odd),
  row('a number', 2.32, odd),
  row('a list', ['2.32.0'], odd),
  row('an object that cannot be printed', Object.create(null), odd),
];

/** Those that `createWorker` takes. */
export const sayable = rows.filter(
  ({ version }) => version === undefined || (typeof version === 'string' && version.length <= 1_024),
) as readonly (Row & { readonly version: string | undefined })[];
