import {
  BusError,
  definePlugin,
  type HandlerInterceptor,
  type HandshakeMiddleware,
  handler,
  PEER,
  provider,
} from 'drumline/plugin';
import { METER, Meter, QuotaUsage } from './meter.js';

/** Messages per window, by the name of the plan. */
export type Quota = Readonly<Record<string, number>>;

/** Options of `quota`. */
export interface QuotaOptions {
  readonly plans: Quota;
  /** The plan of a worker that names none; it is let in, and its agreement says so. */
  readonly fallback: string;
  /** Length of a window in milliseconds; default 1,000. */
  readonly windowMs?: number;
}

const version = '0.1.0';

/** The plan that a worker names in its labels. */
const planOf = ({ plan }: Readonly<Record<string, string>>): string | undefined => plan;

/**
 * A plugin for the hub: of the messages that a worker sends, as many are handled per window as its plan allows. The
 * others are refused with a retryable `overflow`. A worker names its plan in its labels: `{ plan: 'pro' }`.
 */
export const quota = definePlugin(({ plans, fallback, windowMs = 1000 }: QuotaOptions) => {
  if (!Object.hasOwn(plans, fallback))
    throw new BusError(
      'invalid-option',
      `quota: fallback '${fallback}' is not one of the plans ${names(plans)}`,
    );
  return {
    manifest: {
      name: 'drumline-quota',
      version,
      engines: { drumline: '^0.1.0' },
      roles: ['hub'],
    },
    contributes: {
      // One meter per session: made when the worker's first message comes, gone when the worker is.
      providers: [
        provider(METER, {
          scope: 'session',
          factory: (services) => {
            const plan = planOf(services.get(PEER).labels) ?? fallback;
            return new Meter(plan, plans[plan] ?? 0, windowMs);
          },
        }),
      ],
      interceptors: [limit],
      handlers: [handler(QuotaUsage, (_message, { services }) => services.get(METER).usage())],
      handshake: [knownPlan(plans, fallback)],
    },
  };
});

const limit: HandlerInterceptor = (next) => (message, context) => {
  if (message.type !== QuotaUsage.type && !context.services.get(METER).take())
    throw new BusError(
      'overflow',
      `worker '${context.from.id}' has used up its quota: send '${message.type}' later`,
      {
        details: { type: message.type, worker: context.from.id },
      },
    );
  return next(message, context);
};

/** A plan that is not there is refused; none at all is let in, and said. */
const knownPlan =
  (plans: Quota, fallback: string): HandshakeMiddleware =>
  (next) =>
  async (hello, context) => {
    const plan = planOf(hello.labels);
    if (plan !== undefined && !Object.hasOwn(plans, plan))
      throw new BusError(
        'incompatible',
        `worker '${hello.worker}' asks for the plan '${plan}': there are ${names(plans)}`,
        {
          details: { plan, plans: Object.keys(plans) },
        },
      );
    const agreement = await next(hello, context);
    if (plan !== undefined) return agreement;
    return {
      ...agreement,
      degraded: true,
      reasons: [...agreement.reasons, `names no plan: gets '${fallback}'`],
    };
  };

const names = (plans: Quota): string => Object.keys(plans).join(', ');
