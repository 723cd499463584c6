import { BusError, textOf } from '../errors/bus-error.js';

/** Every option of an interface, so that the compiler misses one that is forgotten. */
export type Names<Options> = Readonly<Record<keyof Required<Options>, true>>;

/** Throws `invalid-option` for what is no object of options, and for an option that is not there: a typing error would pass in silence. */
export function known<Options extends object>(where: string, given: Options, names: Names<Options>): void {
  if (typeof given !== 'object' || given === null)
    throw new BusError('invalid-option', `${where} takes an object of options, not ${textOf(given)}`);
  for (const name in given) {
    if (Object.hasOwn(names, name)) continue;
    const all = Object.keys(names).join(', ');
    throw new BusError('invalid-option', `${where}: there is no option '${name}'; there are ${all}`);
  }
}
