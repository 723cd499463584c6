/** An object with a key that must not reach a prototype. */
const polluting = (): unknown =>
  JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}');

function nested(depth: number): unknown {
  let value: unknown = 'deep';
  for (let level = 0; level < depth; level++) value = level % 2 === 0 ? [value] : { of: value };
  return value;
}

/** Payloads that a peer can send and that hardly any handler expects, each with how it is called in a text. */
export const garbage: readonly (readonly [name: string, payload: unknown])[] = [
  ['nothing', undefined],
  ['null', null],
  ['0', 0],
  ['-1', -1],
  ['2^53', 2 ** 53],
  ['true', true],
  ["''", ''],
  ['a text with a zero and half a surrogate pair', '\u0000 \ud800 ../../etc/passwd'],
  ['a text of 1 MB', 'x'.repeat(1_000_000)],
  ['an empty object', {}],
  ['an empty list', []],
  ['a list of lists', [[[]], [[], null]]],
  ['a list of 10,000 numbers', Array.from({ length: 10_000 }, (_, index) => index)],
  ['an object 1,000 levels deep', nested(1_000)],
  ['keys of prototypes', polluting()],
  ['words where numbers may be expected', { id: {}, name: 7, length: 'many', toString: null }],
  ['no bytes', new Uint8Array(0)],
  ['64 KiB of bytes', Uint8Array.from({ length: 65_536 }, (_, index) => (index * 167 + 13) % 256)],
];
