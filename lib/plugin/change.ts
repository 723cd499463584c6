/** The part of a message that an interceptor may exchange, besides the payload. */
interface Passed {
  readonly headers: Readonly<Record<string, string>>;
}

/** Why an interceptor that was given one message may not pass on the other; nothing if it may. */
export function changed<Message extends Passed>(
  given: Message,
  passed: Message,
  fixed: readonly (keyof Message & string)[],
): string | undefined {
  if (typeof passed !== 'object' || passed === null) return 'must call next() with a message';
  for (const part of fixed)
    if (passed[part] !== given[part])
      return `passed on the ${part} ${shown(passed[part])}: it may change payload and headers, not the ${part}`;
  // What the sender gave wrong is the sender's fault, and is told when it is encoded.
  if (passed.headers !== given.headers && !areTexts(passed.headers))
    return 'passed on headers that are no object of strings';
  return undefined;
}

const areTexts = (values: unknown): boolean =>
  typeof values === 'object' &&
  values !== null &&
  Object.values(values).every((value) => typeof value === 'string');

const shown = (value: unknown): string =>
  typeof value === 'string' ? `'${value.slice(0, 64)}'` : typeof value;
