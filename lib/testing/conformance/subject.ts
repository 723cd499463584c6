import { BusError, textOf } from '../../errors/bus-error.js';
import { Hub } from '../../hub/hub.js';
import type { Contributions } from '../../plugin/contributions.js';
import { describe } from '../../plugin/describe.js';
import type { Plugin, Role } from '../../plugin/manifest.js';
import { Worker } from '../../worker/worker.js';
import type { ConformanceOptions } from './option.js';
import { address, inMemory, platformOf, silent } from './platform.js';

/** The plugin that the cases are about: how to make one, and what is known of it from its data alone. */
export class Subject {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly contributes: Contributions;
  /** Which steps it has. */
  readonly steps: ReadonlySet<string>;
  /** The message types that it handles, those of its controllers too. */
  readonly types: readonly string[];
  readonly blockMs: number;
  readonly limitMs: number;
  readonly loadMs: number;

  /** `sample` is a plugin that was made to be looked at, and that never starts. */
  constructor(
    readonly make: () => Plugin,
    readonly options: ConformanceOptions,
    sample: Plugin | undefined,
  ) {
    const { blockMs = 500, limitMs = 5_000, loadMs = 1_000 } = options;
    this.blockMs = blockMs;
    this.limitMs = limitMs;
    this.loadMs = Math.min(loadMs, limitMs / 5);
    const name: unknown = sample?.manifest?.name;
    this.types = sample === undefined ? [] : typesOf(sample);
    this.name = typeof name === 'string' ? name : '(without a name)';
    // A list that is none is looked at in both roles, and is a problem in each.
    const roles = sample?.manifest?.roles;
    this.roles = Array.isArray(roles) && roles.length > 0 ? roles : ['hub', 'worker'];
    this.contributes = sample?.contributes ?? {};
    this.steps = new Set((['start', 'ready', 'stop'] as const).filter((step) => sample?.[step]));
  }

  /** What the plugin requires and whatever else came in `with`, in one process or the other. */
  companions(role: Role): { readonly beside: readonly Plugin[]; readonly across: readonly Plugin[] } {
    const all = this.options.with?.() ?? [];
    const fits = (plugin: Plugin) => plugin.manifest.roles?.includes(role) ?? true;
    return { beside: all.filter(fits), across: all.filter((plugin) => !fits(plugin)) };
  }

  /** Every reason why no hub and no worker takes it, by role; empty for a plugin that can run. */
  problems(): readonly string[] {
    return [...new Set(this.roles.flatMap((role) => this.problemsAs(role)))];
  }

  private problemsAs(role: Role): readonly string[] {
    try {
      const plugins = [...this.companions(role).beside, this.make()];
      const platform = platformOf(inMemory());
      if (role === 'hub') new Hub({ plugins, log: silent }, platform);
      else new Worker({ hub: address, plugins, log: silent }, platform);
      return [];
    } catch (thrown) {
      const problems: unknown = BusError.is(thrown) ? thrown.details.problems : undefined;
      return Array.isArray(problems) ? problems : [textOf(thrown)];
    }
  }

  /** The samples for a message type. */
  samples(type: string): readonly unknown[] {
    const { messages = {} } = this.options;
    if (!Object.hasOwn(messages, type)) return [];
    const given = messages[type];
    return Array.isArray(given) ? given : [given];
  }

  /** What is wrong, each as the rest of a sentence about the plugin; one line for each. */
  error(problems: readonly string[], rule: string, cause?: unknown): BusError {
    const lines = problems.map((problem) => `plugin '${this.name}' ${problem}`);
    return new BusError('plugin', lines.join('\n'), {
      details: { plugin: this.name, rule, problems },
      ...(cause === undefined ? {} : { cause }),
    });
  }
}

/** None for a plugin that is malformed: then it has no such cases. */
function typesOf(plugin: Plugin): readonly string[] {
  try {
    return describe([plugin])[0]?.contributes.handlers ?? [];
  } catch {
    return [];
  }
}
