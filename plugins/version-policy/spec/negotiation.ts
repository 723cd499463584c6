import type { Agreement, HandshakeContext, Hello } from 'drumline/plugin';
import { type Policy, type Verdict, versionPolicy } from '../lib/index.js';

/** What the rest of the handshake comes to. */
export const agreement: Agreement = {
  protocol: 1,
  features: ['credit'],
  limits: { maxPayloadBytes: 1, maxUnanswered: 1 },
  degraded: false,
  reasons: [],
};
/** What was called, in order. */
export const order: string[] = [];
const next = async (hello: Hello, context: HandshakeContext) => {
  order.push(`next ${hello.worker} ${context.hub.version}`);
  return agreement;
};

/** What the plugin makes of one greeting. */
export async function negotiated(
  policy: Policy,
  hello: object = {},
  options = {},
  hub: string | undefined = '2.32.0',
  base: typeof next = next,
): Promise<Agreement> {
  const [middleware] = versionPolicy(policy, options).contributes?.handshake ?? [];
  const negotiate = middleware?.(base);
  const context = { hub: { version: hub } } as HandshakeContext;
  return (await negotiate?.({ kind: 'hello', worker: 'w1', ...hello } as Hello, context)) as Agreement;
}
/** A policy of one verdict, or of what is none. */
export const says = (verdict: unknown): Policy => ({ name: 'mine', judge: () => verdict as Verdict });
