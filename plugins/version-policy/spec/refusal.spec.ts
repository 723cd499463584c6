import { expect } from 'chai';
import { BusError } from 'drumline/plugin';
import {
  adjacentMinor,
  exact,
  firstOf,
  lenient,
  type Policy,
  unreadable,
  versionPolicy,
} from '../lib/index.js';
import { failure } from './moment.js';
import { agreement, negotiated, order, says } from './negotiation.js';

describe('versionPolicy()', () => {
  beforeEach(() => void order.splice(0));

  it('asks the policy before the handshake goes on', async () => {
    const policy: Policy = {
      name: 'mine',
      async judge({ worker, hub }) {
        await undefined;
        order.push(`judge ${worker.text} ${hub.text}`);
        return { verdict: 'admit' };
      },
    };
    await negotiated(policy, { version: '2.31.0' });
    expect(order).to.deep.equal(['judge 2.31.0 2.32.0', 'next w1 2.32.0']);
  });

  it('hands an agreement on as it is where the policy has nothing to add', async () => {
    expect(await negotiated(exact(), { version: '2.32.0' })).to.equal(agreement);
    expect(await negotiated(unreadable(), { version: '1.0.0' })).to.equal(agreement);
  });

  it('adds reasons behind those that are there, and marks the agreement as degraded', async () => {
    const added = await negotiated(
      says({ verdict: 'abstain', reasons: ['b', 'c'] }),
      {},
      {},
      '1.0.0',
      async () => ({ ...agreement, degraded: true, reasons: ['a'] }),
    );
    expect(added).to.deep.equal({ ...agreement, degraded: true, reasons: ['a', 'b', 'c'] });
    expect(await negotiated(firstOf(exact(), lenient()), { version: '2.31.0' })).to.deep.include({
      degraded: true,
    });
    expect(agreement.reasons, 'the one it got').to.deep.equal([]);
  });

  it('refuses with worker, versions, policy and what to do, before the handshake goes on', async () => {
    const error = await failure(negotiated(adjacentMinor(), { version: '2.30.1' }));
    expect(error).to.include({ code: 'incompatible', retryable: false });
    expect(error.message).to.equal(
      "worker 'w1' (version 2.30.1) is refused by this hub (version 2.32.0) under the policy " +
        'adjacentMinor({ older: 1, newer: 0 }): it is 2 minor versions older than the hub, and at most 1 is let in: ' +
        'run the worker from 2.31 to 2.32',
    );
    expect(error.details).to.deep.equal({
      worker: '2.30.1',
      hub: '2.32.0',
      policy: 'adjacentMinor({ older: 1, newer: 0 })',
    });
    expect(order).to.deep.equal([]);
  });

  it('names what is not there as not there', async () => {
    const error = await failure(negotiated(exact(), { worker: '' }, {}, ''));
    expect(error.message).to.match(
      /^a worker without an id \(no version\) is refused by this hub \(no version\)/,
    );
    const { details } = await failure(negotiated(exact()));
    expect(details).to.deep.equal({ hub: '2.32.0', policy: 'exact()' });
  });

  it('quotes what is odd, short and on one line', async () => {
    const begin = performance.now();
    const { message, details } = await failure(
      negotiated(exact(), {
        worker: `a\nb${'\u0000'.repeat(20_000_000)}`,
        version: `\u0007${'\u0000'.repeat(20_000_000)}`,
      }),
    );
    expect(message).to.match(/^worker 'a\\nb[\\u0]+…' \(version '\\u0007[\\u0]+…'\) is refused/);
    expect(message.length).to.be.below(600);
    expect((details.worker as string).length).to.be.below(300);
    expect(performance.now() - begin, 'ms').to.be.below(5_000);
  });

  it('says what to do in general where the policy does not', async () => {
    const error = await failure(negotiated(says({ verdict: 'object', reason: 'not today' })));
    expect(error.message).to.match(
      /under the policy mine: not today: change the version of the worker, or the policy/,
    );
  });

  for (const [option, said, retryable] of [
    [undefined, undefined, false],
    [undefined, true, true],
    [true, undefined, true],
    [true, false, false],
  ] as const)
    it(`is ${retryable ? '' : 'not '}to be tried again with ${option} as its option and ${said} by the policy`, async () => {
      const verdict = { verdict: 'object', reason: 'no', retryable: said };
      const options = option === undefined ? {} : { retryable: option };
      expect(await failure(negotiated(says(verdict), {}, options))).to.have.property('retryable', retryable);
    });

  it('leaves alone what the rest of the handshake throws', async () => {
    const base = () => Promise.reject(new BusError('id-in-use', 'taken'));
    expect(await failure(negotiated(lenient(), {}, {}, '1.0.0', base))).to.have.property('code', 'id-in-use');
  });

  for (const wrong of [undefined, null, exact, 'exact', {}, { name: 'x' }, { judge() {} }, []])
    it(`takes no ${typeof wrong === 'function' ? 'maker' : JSON.stringify(wrong)} for a policy`, async () => {
      const error = await failure(() => versionPolicy(wrong as never));
      expect(error.code).to.equal('invalid-option');
      expect(error.message).to.include('versionPolicy()');
    });

  it('takes nothing odd for retryable', async () => {
    const error = await failure(() => versionPolicy(exact(), { retryable: 'no' as never }));
    expect(error).to.include({ code: 'invalid-option' });
  });
});
