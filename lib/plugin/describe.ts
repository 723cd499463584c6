import { checkShapes } from './check.js';
import type { Manifest, Plugin, Role } from './manifest.js';

/** A plugin as a listing shows it. */
export interface PluginDescription {
  readonly name: string;
  readonly version: string;
  readonly engines: Manifest['engines'];
  /** Where it can run. */
  readonly roles: readonly Role[];
  readonly requires: Readonly<Record<string, string>>;
  readonly contributes: {
    /** The message types that it handles. */
    readonly handlers: readonly string[];
    readonly interceptors: number;
    readonly authenticate: boolean;
    readonly handshake: number;
    readonly observers: number;
  };
}

/** Lists plugins, in the order given, without running anything of them. Throws `plugin` for one that is malformed. */
export function describePlugins(plugins: readonly Plugin[]): PluginDescription[] {
  checkShapes(plugins);
  return plugins.map(({ manifest, contributes = {} }) => ({
    name: manifest.name,
    version: manifest.version,
    engines: manifest.engines,
    roles: manifest.roles ?? ['hub', 'worker'],
    requires: manifest.requires ?? {},
    contributes: {
      handlers: (contributes.handlers ?? []).map(({ type }) => type),
      interceptors: contributes.interceptors?.length ?? 0,
      authenticate: contributes.authenticate !== undefined,
      handshake: contributes.handshake?.length ?? 0,
      observers: contributes.observers?.length ?? 0,
    },
  }));
}
