/** Of a number, and of whatever has no length of its own. */
const each = 8;

/**
 * About how many bytes of memory a value takes, without encoding it: texts and bytes by their length, and something for
 * everything else. Never throws; what cannot be read weighs as much as a number.
 */
export function weightOf(value: unknown): number {
  const seen = new Set<object>();
  const waiting = [value];
  let weight = 0;
  while (waiting.length > 0) {
    const next = waiting.pop();
    weight += each;
    if (typeof next === 'string') weight += next.length;
    if (typeof next !== 'object' || next === null || seen.has(next)) continue;
    seen.add(next);
    if (ArrayBuffer.isView(next) || next instanceof ArrayBuffer) weight += next.byteLength;
    else for (const inner of within(next)) waiting.push(inner);
  }
  return weight;
}

function within(value: object): unknown[] {
  try {
    return value instanceof Map
      ? [...value].flat()
      : value instanceof Set
        ? [...value]
        : Object.values(value);
  } catch {
    return [];
  }
}
