import { tokenName } from '../services/token.js';
import { shaped } from './check.js';
import { Controllers } from './controller.js';
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
    /** The message types that it handles, those of its controllers too. */
    readonly handlers: readonly string[];
    readonly interceptors: number;
    readonly authenticate: boolean;
    readonly handshake: number;
    /** Names of the codecs, values of `run`, names of the tokens and of the classes. */
    readonly codecs: readonly string[];
    readonly detector: boolean;
    readonly executors: readonly string[];
    readonly providers: readonly string[];
    readonly controllers: readonly string[];
    readonly observers: number;
  };
}

/** Lists plugins, in the order given, without running anything of them. Throws `plugin` for one that is malformed. */
export function describe(plugins: readonly Plugin[]): PluginDescription[] {
  return shaped(plugins).map(({ manifest, contributes = {} }) => ({
    name: manifest.name,
    version: manifest.version,
    engines: manifest.engines,
    roles: manifest.roles ?? ['hub', 'worker'],
    requires: manifest.requires ?? {},
    contributes: {
      handlers: new Controllers().registrationsOf({ manifest, contributes }).map(({ type }) => type),
      interceptors: contributes.interceptors?.length ?? 0,
      authenticate: contributes.authenticate !== undefined,
      handshake: contributes.handshake?.length ?? 0,
      codecs: (contributes.codecs ?? []).map(({ name }) => name),
      detector: contributes.detector !== undefined,
      executors: (contributes.executors ?? []).map(({ run }) => run),
      providers: (contributes.providers ?? []).map(({ token }) => tokenName(token)),
      controllers: (contributes.controllers ?? []).map(({ name }) => name),
      observers: contributes.observers?.length ?? 0,
    },
  }));
}
