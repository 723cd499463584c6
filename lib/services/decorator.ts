import { BusError } from '../errors/bus-error.js';

/**
 * Throws `invalid-option` for a call as the standard decorators make it, with a context in second place: they have none
 * for parameters, so those of Drumline are the legacy ones.
 */
export function refuseStandard(name: string, context: unknown): void {
  if (typeof context !== 'object' || context === null || !('kind' in context)) return;
  throw new BusError(
    'invalid-option',
    `@${name} was called as a standard decorator: set experimentalDecorators in tsconfig.json ` +
      '(tsx and esbuild read it there too)',
  );
}

/** The name of a class, for a text. */
export const className = (Class: { readonly name: unknown }): string =>
  typeof Class.name === 'string' && Class.name !== '' ? `class ${Class.name}` : 'a class without a name';
