import { textOf } from '../../errors/bus-error.js';
import { handler } from '../../handler/registration.js';
import { isThenable } from '../../handler/thenable.js';
import type { Role } from '../../plugin/manifest.js';
import type { Provider } from '../../services/provider.js';
import type { Services } from '../../services/services.js';
import { tokenName } from '../../services/token.js';
import type { ConformanceCase } from './option.js';
import { caseOf } from './run.js';
import { Stage } from './stage.js';
import type { Subject } from './subject.js';
import type { Trial } from './trial.js';

/** What the plugin provides to others, as a plugin sees it that requires this one. */
export const serviceCases = (subject: Subject, role: Role): readonly ConformanceCase[] =>
  (subject.contributes.providers ?? []).length === 0
    ? []
    : [
        caseOf(subject, `as a ${role}: its services can be built, and are disposed of once`, (trial) =>
          provided(trial, role),
        ),
      ];

const type = 'conformance.services';

async function provided(trial: Trial, role: Role): Promise<void> {
  const watched = new Map<object, { readonly name: string; disposals: number }>();
  const build = (services: Services, scope: Provider['scope']) => {
    for (const provider of stage.plugin.contributes?.providers ?? []) {
      if (provider.scope !== scope) continue;
      const name = tokenName(provider.token);
      const service = built(trial, services, provider);
      if (service === undefined || watched.has(service)) continue;
      const seen = { name, disposals: 0 };
      const isWatched = watchDisposal(service, {
        disposed: () => {
          seen.disposals += 1;
        },
        failed: (thrown) => trial.blame(`provides '${name}', whose disposal fails: ${textOf(thrown)}`),
      });
      if (isWatched) watched.set(service, seen);
    }
  };
  const stage: Stage = await Stage.of(trial, role, {
    handlers: [handler(type, (_, { services }) => build(services, 'session'))],
  });
  if (stage.kit.context) build(stage.kit.context.services, undefined);
  // The plugin's own interceptors may refuse it; then its session services are not looked at.
  await stage.inward.request(type, null, { timeoutMs: trial.stepMs }).catch(() => {});
  await stage.close();
  for (const { name, disposals } of watched.values())
    if (disposals !== 1)
      trial.blame(
        `provides '${name}', one of which was disposed of ${disposals} times: make a new one each time`,
      );
}

/** A service that is to be disposed of; `undefined` for any other. */
function built(trial: Trial, services: Services, provider: Provider): object | undefined {
  try {
    const service: unknown = services.get(provider.token);
    return typeof service === 'object' && service !== null && !('value' in provider) ? service : undefined;
  } catch (thrown) {
    trial.blame(`provides '${tokenName(provider.token)}', which cannot be built: ${textOf(thrown)}`);
    return undefined;
  }
}

/** Tells of each disposal of a service. Whether that is possible: not with a frozen one. */
function watchDisposal(
  service: object,
  { disposed, failed }: { disposed(): void; failed(thrown: unknown): void },
): boolean {
  const key = [Symbol.asyncDispose, Symbol.dispose].find((symbol) => symbol in service);
  if (key === undefined) return false;
  const dispose = (service as Record<symbol, () => unknown>)[key] as () => unknown;
  const value = () => {
    disposed();
    try {
      const ended = dispose.call(service);
      if (isThenable(ended)) ended.then(undefined, failed);
      return ended;
    } catch (thrown) {
      failed(thrown);
      throw thrown;
    }
  };
  return Reflect.defineProperty(service, key, { value, configurable: true });
}
