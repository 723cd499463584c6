import { expect } from 'chai';
import { BusError } from 'drumline/plugin';
import type { Policy } from '../lib/index.js';
import { failure } from './moment.js';
import { negotiated, order, says } from './negotiation.js';

describe('A policy that fails', () => {
  beforeEach(() => void order.splice(0));

  for (const [what, nonsense] of Object.entries({
    nothing: undefined,
    null: null,
    'a text': 'admit',
    yes: true,
    'a number': 1,
    'an empty object': {},
    'another verdict': { verdict: 'maybe' },
    'an older form': { admit: true },
    'reasons that are a text': { verdict: 'admit', reasons: 'none' },
    'reasons that are no texts': { verdict: 'abstain', reasons: [5] },
    'an objection without a reason': { verdict: 'object' },
    'a reason that is none': { verdict: 'object', reason: 5 },
    'a remedy that is none': { verdict: 'object', reason: 'no', remedy: 5 },
    'an odd retryable': { verdict: 'object', reason: 'no', retryable: 'yes' },
    'a promise of nonsense': Promise.resolve('admit'),
    'what throws when it is read': {
      get verdict() {
        throw new Error('boom');
      },
    },
    'what throws when it is awaited': {
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      get then() {
        throw new Error('boom');
      },
    },
  }))
    it(`takes ${what} for no verdict, and says whose it is`, async () => {
      const thrown = await negotiated(says(nonsense)).catch((error) => error);
      expect(thrown).to.be.instanceOf(Error);
      expect(BusError.is(thrown), 'the host names the plugin').to.equal(false);
      expect(thrown.message).to.match(
        /^policy mine: (boom$|gave .*, which is no verdict: return \{ verdict: 'admit' \})/,
      );
      expect(order).to.deep.equal([]);
    });

  for (const thrown of [new Error('boom'), new BusError('incompatible', 'boom'), 'boom'])
    it(`names the policy that throws ${typeof thrown === 'string' ? 'a text' : thrown.name}`, async () => {
      const policy: Policy = {
        name: 'mine',
        judge: () => {
          throw thrown;
        },
      };
      const error = await negotiated(policy).catch((error) => error);
      expect(error.message).to.equal('policy mine: boom');
      expect(error.cause).to.equal(thrown);
    });

  it('cuts what a policy says at length', async () => {
    const long = 'x'.repeat(100_000);
    const { message } = await failure(negotiated(says({ verdict: 'object', reason: long, remedy: long })));
    expect(message.length).to.be.below(9_000);
    const { reasons } = await negotiated(says({ verdict: 'admit', reasons: [long] }));
    expect(reasons[0]?.length).to.be.below(5_000);
  });
});
