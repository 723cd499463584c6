import { BusError } from '../errors/bus-error.js';
import type { Log } from '../handler/context.js';
import { busErrorOf } from '../handler/fault.js';
import type { Injection } from '../services/injection.js';
import { textAbout } from '../services/problem.js';
import type { Clock } from '../time/clock.js';
import type { Controllers } from './controller.js';
import { guardedLog, pluginLog } from './guarded-log.js';
import type { Plugin, PluginContext, Role } from './manifest.js';
import type { Stats } from './stats.js';

/** Where plugins live, and how long each of their steps may take. */
export interface Setting {
  readonly role: Role;
  readonly id?: string | undefined;
  readonly version?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlineMs: number;
  readonly injection: Injection;
  readonly controllers: Controllers;
  stats(): Stats;
}

/** One plugin from its start to its stop; it may begin anew after that. */
export class Life {
  readonly #log: Log;
  #controller = new AbortController();

  constructor(
    private readonly plugin: Plugin,
    private readonly setting: Setting,
  ) {
    this.#log = pluginLog(setting.log, plugin.manifest.name);
  }

  /** Like the other steps: rejects with a `plugin` error that names the plugin when it fails or its deadline runs out. */
  async start(): Promise<void> {
    const { injection, controllers } = this.setting;
    injection.begin(this.plugin.manifest.name);
    this.#controller = new AbortController();
    try {
      await this.#run('start', this.#controller);
      controllers.build(this.plugin, injection);
    } catch (thrown) {
      await this.#dispose();
      throw thrown;
    }
  }

  ready(): Promise<void> {
    return this.#run('ready', this.#controller);
  }

  /** What was built for the plugin is disposed of after its `stop`, also when that fails. */
  async stop(): Promise<void> {
    this.end();
    try {
      await this.#run('stop', new AbortController());
    } finally {
      await this.#dispose();
    }
  }

  /** Fires the signal that `start` and `ready` got. */
  end(): void {
    this.#controller.abort(stopping(this.setting.role));
  }

  async #dispose(): Promise<void> {
    const { controllers, injection, log } = this.setting;
    controllers.forget(this.plugin);
    try {
      await injection.dispose(this.plugin.manifest.name);
    } catch (error) {
      // It says whose services they are.
      guardedLog(log).error(busErrorOf(error).message, { error });
    }
  }

  #run(step: 'start' | 'ready' | 'stop', controller: AbortController): Promise<void> {
    const { plugin } = this;
    if (plugin[step] === undefined) return Promise.resolve();
    const { name } = plugin.manifest;
    const { clock, deadlineMs } = this.setting;
    return new Promise((resolve, reject) => {
      const fail = (text: string, cause?: { readonly cause: unknown }) => {
        const error = new BusError('plugin', textAbout(name, `${step} ${text}`), {
          details: { plugin: name, step },
          ...cause,
        });
        controller.abort(error);
        reject(error);
      };
      const cancel = clock.after(deadlineMs, () => fail(`did not finish within ${deadlineMs} ms`));
      new Promise<void>((settle) => settle(plugin[step]?.(this.#context(controller.signal)))).then(
        () => {
          cancel();
          resolve();
        },
        (thrown) => {
          cancel();
          fail(`failed: ${busErrorOf(thrown).message}`, { cause: thrown });
        },
      );
    });
  }

  #context(signal: AbortSignal): PluginContext {
    const { role, id, version, injection, stats } = this.setting;
    const { name } = this.plugin.manifest;
    return Object.freeze({
      role,
      name,
      ...(id === undefined ? {} : { id }),
      ...(version === undefined ? {} : { version }),
      services: injection.of(name),
      stats,
      log: this.#log,
      signal,
    });
  }
}

/** What a step is cut short with when its hub or worker stops. */
export const stopping = (role: Role): BusError => new BusError('closed', `this ${role} stops`);
