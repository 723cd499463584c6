/** A handler by its place, since a closure cannot travel to another thread. */
export interface HandlerModule {
  /** `new URL('./crunch.js', import.meta.url)`. */
  readonly module: URL;
  /** The name that it is exported by. */
  readonly export: string;
}

const example = "{ module: new URL('./crunch.js', import.meta.url), export: 'crunch' }";

/** What is said of a function that is to run elsewhere. */
export const closureCannotTravel = (run: string): string =>
  `it is a function, and a closure cannot travel to where run: '${run}' runs: name it by its place, as in ${example}`;

/** What is wrong with what is to name a handler by its place; `undefined` if nothing is. */
export function wrongModule(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null)
    return `it is ${value === null ? 'null' : `of type ${typeof value}`}, and must be a function, or the place of one: ${example}`;
  const { module, export: name, ...rest } = value as { readonly [Key in keyof HandlerModule]?: unknown };
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `there is no '${unknown}' in the place of a handler, which is ${example}`;
  if (!(module instanceof URL)) {
    const shown =
      typeof module === 'string' ? `the text '${module.slice(0, 64)}'` : `of type ${typeof module}`;
    return `its module is ${shown}, and must be a URL, as in ${example}`;
  }
  if (typeof name !== 'string' || name === '')
    return `it has no export: say by which name its module exports it, as in ${example}`;
  return undefined;
}
