import { expect } from 'chai';
import type { Hello } from '../../lib/frame/frame.js';
import {
  chain,
  type HandshakeContext,
  type HandshakeMiddleware,
  type Negotiate,
} from '../../lib/handshake/negotiate.js';

const hello = {
  kind: 'hello',
  labels: {},
  handles: [],
  features: [],
  requires: [],
  extra: {},
} satisfies Hello;
const context = { peer: { address: 'there' } } as HandshakeContext;
const agreed: Negotiate = async () => ({
  protocol: 1,
  features: [],
  limits: { maxPayloadBytes: 1, maxUnanswered: 1 },
  degraded: false,
  reasons: [],
});

describe('chain', () => {
  it('runs the first listed outermost, around the default', async () => {
    const steps: string[] = [];
    const step =
      (name: string): HandshakeMiddleware =>
      (next) =>
      async (...input) => {
        steps.push(`${name} before`);
        const agreement = await next(...input);
        steps.push(`${name} after`);
        return { ...agreement, reasons: [...agreement.reasons, name] };
      };
    const negotiate = chain([step('outer'), step('inner')], async (...input) => {
      steps.push('default');
      return agreed(...input);
    });
    expect((await negotiate(hello, context)).reasons).to.deep.equal(['inner', 'outer']);
    expect(steps).to.deep.equal(['outer before', 'inner before', 'default', 'inner after', 'outer after']);
  });

  it('is the default where nothing is listed', () => {
    expect(chain([], agreed)).to.equal(agreed);
  });

  it('lets middleware answer without asking further', async () => {
    let asked = 0;
    const negotiate = chain([() => agreed], async (...input) => {
      asked += 1;
      return agreed(...input);
    });
    await negotiate(hello, context);
    expect(asked).to.equal(0);
  });

  it('is built once, not at every greeting', async () => {
    let built = 0;
    const negotiate = chain(
      [
        (next) => {
          built += 1;
          return next;
        },
      ],
      agreed,
    );
    await negotiate(hello, context);
    await negotiate(hello, context);
    expect(built).to.equal(1);
  });
});
