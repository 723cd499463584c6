import type { Plugin } from './manifest.js';

/** Plugins so that each comes after those that it requires. */
export interface Order {
  readonly inOrder: readonly Plugin[];
  /** Rings of plugins that require each other, each as the path of names from the first one back to it. */
  readonly cycles: readonly (readonly string[])[];
}

/**
 * Puts plugins into dependency order. A plugin stays where it is listed, and what it requires is drawn in front of it,
 * in the order of listing. What is required and not there is passed over.
 */
export function dependencyOrder(plugins: readonly Plugin[]): Order {
  const inOrder: Plugin[] = [];
  const cycles: string[][] = [];
  const visited = new Set<Plugin>();
  const visit = (plugin: Plugin, path: readonly Plugin[]): void => {
    const begin = path.indexOf(plugin);
    if (begin >= 0) {
      cycles.push([...path.slice(begin), plugin].map(nameOf));
      return;
    }
    if (visited.has(plugin)) return;
    visited.add(plugin);
    const required = new Set(Object.keys(plugin.manifest.requires ?? {}));
    for (const other of plugins) if (required.has(nameOf(other))) visit(other, [...path, plugin]);
    inOrder.push(plugin);
  };
  for (const plugin of plugins) visit(plugin, []);
  return { inOrder, cycles };
}

const nameOf = ({ manifest }: Plugin): string => manifest.name;
