import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Hello } from '../../lib/frame/frame.js';
import { lenient } from '../../lib/handshake/lenient.js';
import type { Agreement, HandshakeContext, LocalProfile } from '../../lib/handshake/negotiate.js';
import { features } from '../../lib/handshake/profile.js';

const hub: LocalProfile = {
  sdk: '0.1.0',
  version: '2.32.2',
  protocolMin: 1,
  protocolMax: 1,
  features,
  requires: [],
  maxPayloadBytes: 4_000,
};

const context = (more: Partial<LocalProfile> = {}): HandshakeContext => ({
  peer: { address: 'there' },
  identity: undefined,
  hub: { ...hub, ...more },
  signal: new AbortController().signal,
});

const nobody: Hello = { kind: 'hello', labels: {}, handles: [], features: [], requires: [], extra: {} };
const modern: Hello = {
  ...nobody,
  protocolMin: 1,
  protocolMax: 1,
  features,
  version: '2.32.2',
  worker: 'w1',
};

async function refusal(answer: Promise<Agreement>): Promise<BusError> {
  try {
    await answer;
  } catch (thrown) {
    if (BusError.is(thrown)) return thrown;
  }
  return expect.fail('it was let in');
}

describe('lenient', () => {
  it('lets a worker of our own kind in without a word', async () => {
    expect(await lenient(modern, context())).to.deep.equal({
      protocol: 1,
      features,
      limits: { maxPayloadBytes: 4_000, maxUnanswered: Number.POSITIVE_INFINITY },
      degraded: false,
      reasons: [],
    });
  });

  // The version of the application: whatever it is, it changes nothing but what is reported.
  const versions: readonly (readonly [version: string | undefined, reason: RegExp | undefined])[] = [
    ['2.32.2', undefined],
    ['0.0.1', undefined],
    ['99.0.0', undefined],
    ['10.12.0', undefined],
    ['2.33.0-rc.1', undefined],
    ['2.32.2+build.7', undefined],
    ['v2.32.2', undefined],
    [undefined, /names no application version/],
    ['', /names no application version/],
    ['   ', /names no application version/],
    ['-1', /"-1" is not a semantic version/],
    ['null', /"null" is not a semantic version/],
    ['2.32', /"2\.32" is not/],
    ['10.1.0.7', /is not a semantic version/],
    ['latest', /is not a semantic version/],
    ['\u0000\ud800💥', /is not a semantic version/],
    ['[object Object]', /is not a semantic version/],
    ['1'.repeat(257), /longer than 256 characters/],
    ['9'.repeat(1_000_000), /longer than 256 characters/],
    ['99999999999999999999.0.0', /is not a semantic version/],
  ];
  for (const [version, reason] of versions) {
    const shown = version === undefined ? 'none' : JSON.stringify(version.slice(0, 20));
    it(`admits a worker whose application version is ${shown}, ${reason ? 'and says what is odd' : 'without a word'}`, async () => {
      const { version: _, ...rest } = modern;
      const agreement = await lenient(version === undefined ? rest : { ...rest, version }, context());
      expect(agreement).to.deep.include({ protocol: 1, features, degraded: reason !== undefined });
      expect(agreement.reasons).to.have.length(reason ? 1 : 0);
      if (reason) expect(agreement.reasons[0]).to.match(reason);
      expect(agreement.reasons.join('').length).to.be.below(400);
    });
  }

  it('gives a peer that names nothing the baseline profile, and says so', async () => {
    const agreement = await lenient(nobody, context());
    expect(agreement).to.deep.include({ protocol: 0, features: [], degraded: true });
    expect(agreement.limits).to.deep.equal({ maxPayloadBytes: 4_000, maxUnanswered: 16 });
    expect(agreement.reasons.join()).to.match(/names no protocol: baseline profile, at most 16 unanswered/);
  });

  it('believes no feature of a peer that names no protocol', async () => {
    expect((await lenient({ ...nobody, features }, context())).features).to.deep.equal([]);
  });

  it('gives a peer that names its protocol and not credit the baseline profile, and what else it offers', async () => {
    const agreement = await lenient({ ...modern, features: ['streams'] }, context());
    expect(agreement).to.deep.include({ protocol: 1, features: ['streams'], degraded: true });
    expect(agreement.limits.maxUnanswered).to.equal(16);
    expect(agreement.reasons.join()).to.match(/names no feature 'credit'/);
  });

  it('ignores features from the future', async () => {
    const agreement = await lenient(
      { ...modern, features: ['teleport', ...features, '__proto__'] },
      context(),
    );
    expect(agreement).to.deep.include({ features, degraded: false });
  });

  for (const only of ['protocolMin', 'protocolMax'] as const)
    it(`takes ${only} alone for a range of one, and says so`, async () => {
      const { protocolMin: _, protocolMax: __, ...rest } = modern;
      const agreement = await lenient({ ...rest, [only]: 1 }, context());
      expect(agreement).to.deep.include({ protocol: 1, degraded: true });
      expect(agreement.reasons).to.deep.equal(['names only one end of its protocol range']);
    });

  it('settles on the highest protocol that both speak', async () => {
    const wide = context({ protocolMin: 2, protocolMax: 5 });
    expect((await lenient({ ...modern, protocolMin: 1, protocolMax: 3 }, wide)).protocol).to.equal(3);
    expect((await lenient({ ...modern, protocolMin: 4, protocolMax: 9 }, wide)).protocol).to.equal(5);
  });

  const strangers = [
    { name: 'newer', range: [2, 3], upgrade: /upgrade the hub/ },
    { name: 'huge', range: [4_000_000_000, 4_294_967_295], upgrade: /upgrade the hub/ },
    { name: 'older', range: [0, 0], upgrade: /upgrade the worker/ },
  ] as const;
  for (const { name, range, upgrade } of strangers)
    it(`refuses a ${name} protocol major, names both sides, and says what to upgrade`, async () => {
      const [protocolMin, protocolMax] = range;
      const error = await refusal(lenient({ ...modern, sdk: '9.9.9', protocolMin, protocolMax }, context()));
      expect(error).to.include({ code: 'incompatible', retryable: false });
      expect(error.message).to.match(upgrade);
      expect(error.message).to.include(
        `worker 'w1' (SDK 9.9.9) speaks protocol ${protocolMin} to ${protocolMax}`,
      );
      expect(error.message).to.include('this hub (SDK 0.1.0) 1 to 1');
      expect(error.details).to.deep.equal({
        workerProtocol: `${protocolMin} to ${protocolMax}`,
        hubProtocol: '1 to 1',
      });
    });

  it('refuses a range that is upside down', async () => {
    const error = await refusal(lenient({ ...modern, protocolMin: 5, protocolMax: 1 }, context()));
    expect(error.code).to.equal('incompatible');
  });

  it('refuses where either side requires what the other does not offer', async () => {
    const byWorker = await refusal(lenient({ ...modern, requires: ['teleport', 'credit'] }, context()));
    expect(byWorker).to.include({ code: 'incompatible' });
    expect(byWorker.details).to.deep.equal({ missing: ['teleport'] });
    expect(byWorker.message).to.match(/^the worker requires teleport, which the hub does not offer/);
    const byHub = await refusal(
      lenient({ ...modern, features: ['credit'] }, context({ requires: ['resume'] })),
    );
    expect(byHub.message).to.match(/^the hub requires resume, which the worker does not offer/);
  });

  it('relaxes no requirement for a peer of the baseline profile', async () => {
    expect(await refusal(lenient(nobody, context({ requires: ['credit'] })))).to.include({
      code: 'incompatible',
    });
  });

  it('settles on the smaller of the two payload limits, and takes none or nought for no wish', async () => {
    const limit = async (more: Partial<Hello>) =>
      (await lenient({ ...modern, ...more }, context())).limits.maxPayloadBytes;
    expect(await limit({ maxPayloadBytes: 100 })).to.equal(100);
    expect(await limit({ maxPayloadBytes: 1e12 })).to.equal(4_000);
    expect(await limit({ maxPayloadBytes: 0 })).to.equal(4_000);
    expect(await limit({})).to.equal(4_000);
  });
});
