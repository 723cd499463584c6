import { BusError } from '../errors/bus-error.js';
import type { Log } from '../handler/context.js';
import { busErrorOf } from '../handler/fault.js';
import type { Clock } from '../time/clock.js';
import { pluginLog } from './guarded-log.js';
import type { Plugin, PluginContext, Role } from './manifest.js';

/** Where plugins live, and how long each of their steps may take. */
export interface Setting {
  readonly role: Role;
  readonly id?: string | undefined;
  readonly clock: Clock;
  readonly log: Log;
  readonly deadlineMs: number;
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
  start(): Promise<void> {
    this.#controller = new AbortController();
    return this.#run('start', this.#controller);
  }

  ready(): Promise<void> {
    return this.#run('ready', this.#controller);
  }

  stop(): Promise<void> {
    this.end();
    return this.#run('stop', new AbortController());
  }

  /** Fires the signal that `start` and `ready` got. */
  end(): void {
    this.#controller.abort(stopping(this.setting.role));
  }

  #run(step: 'start' | 'ready' | 'stop', controller: AbortController): Promise<void> {
    const { plugin } = this;
    if (plugin[step] === undefined) return Promise.resolve();
    const { name } = plugin.manifest;
    const { clock, deadlineMs } = this.setting;
    return new Promise((resolve, reject) => {
      const fail = (text: string, cause?: { readonly cause: unknown }) => {
        const error = new BusError('plugin', `plugin '${name}': ${step} ${text}`, {
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
    const { role, id } = this.setting;
    const { name } = this.plugin.manifest;
    return Object.freeze({ role, name, log: this.#log, signal, ...(id === undefined ? {} : { id }) });
  }
}

/** What a step is cut short with when its hub or worker stops. */
export const stopping = (role: Role): BusError => new BusError('closed', `this ${role} stops`);
