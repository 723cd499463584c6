/** How deep plain data may nest; what goes deeper is a ring, or as bad as one. */
const maxDepth = 32;

/** A deep copy that nobody can change. Throws a `TypeError` for what is no plain data: such things cannot be frozen. */
export function frozenCopy<T>(value: T, depth = 0): T {
  if (typeof value === 'function' || typeof value === 'symbol' || depth > maxDepth)
    throw new TypeError('is no plain data');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((item) => frozenCopy(item, depth + 1))) as T;
  if (![Object.prototype, null].includes(Object.getPrototypeOf(value)))
    throw new TypeError('is no plain data');
  const entries = Object.entries(value).map(([key, item]) => [key, frozenCopy(item, depth + 1)] as const);
  return Object.freeze(Object.fromEntries(entries)) as T;
}
