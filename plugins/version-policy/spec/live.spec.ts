import { expect } from 'chai';
import { BusError, createHub } from 'drumline';
import {
  adjacentMinor,
  exact,
  firstOf,
  lenient,
  type Policy,
  range,
  shadow,
  unreadable,
  type Verdict,
  versionPolicy,
} from '../lib/index.js';
import { hubVersion, policies, sayable } from './greetings.js';
import { failure } from './moment.js';
import { quiet, Trial } from './trial.js';

/** Judges every worker but 'healthy'. */
const others = (judge: () => unknown): Policy => ({
  name: 'mine',
  judge: ({ id }) => (id === 'healthy' ? { verdict: 'admit' } : (judge() as Verdict)),
});

describe('A hub with a version policy', () => {
  let trial: Trial;
  afterEach(() => trial.end());

  for (const [column, policy] of policies.entries())
    it(`lets in by ${policy.name} whom the policy does, tells the others, and serves on`, async () => {
      trial = await Trial.of(versionPolicy(policy));
      const fates = sayable.map(async ({ name, version, marks }, index) => {
        const id = `w${index}`;
        const worker = trial.worker(id, version);
        if (marks[column] === 'O') {
          const error = await failure(worker.start({ timeoutMs: 5_000 }));
          expect(error, name).to.include({ code: 'handshake-refused', retryable: false });
          expect(error.details, name).to.include({
            code: 'incompatible',
            policy: policy.name,
            hub: hubVersion,
          });
          const told = version && Buffer.from(version).toString();
          expect(error.details.worker, name).to.equal(
            told && told.length > 256 ? `${told.slice(0, 255)}…` : told,
          );
          expect(error.message, name).to.include(`worker '${id}'`).and.include(`version ${hubVersion}`);
          return;
        }
        const { degraded, reasons } = await worker.start({ timeoutMs: 5_000 });
        const own = reasons.filter((reason) => /^shadow of|^admitted all the same/.test(reason));
        expect(own, name).to.have.lengthOf(marks[column] === 'D' ? 1 : 0);
        // What unreadable() lets in is just what the hub itself reports.
        const reported = reasons.length - own.length;
        expect(reported, name).to.equal(marks[3] === 'A' ? 1 : 0);
        expect(degraded, name).to.equal(reasons.length > 0);
        expect(await trial.hub.request(id, 'echo', name), name).to.equal(name);
      });
      await Promise.all(fates);
      await trial.served();
      const refused = sayable.filter(({ marks }) => marks[column] === 'O').length;
      expect(trial.events.filter(({ kind }) => kind === 'refused')).to.have.lengthOf(refused);
      expect(trial.hub.census().total).to.equal(1 + sayable.length - refused);
    });

  it('rehearses the next version in the shadow', async () => {
    trial = await Trial.of(versionPolicy(shadow(adjacentMinor({ hub: '2.33.0' }))), { version: '2.32.0' });
    for (const version of ['2.33.0', '2.32.4', '2.31.9']) await trial.worker(`w-${version}`, version).start();
    const { degraded } = trial.hub.census();
    const refused = degraded.filter(({ worker }) => worker.startsWith('w-'));
    expect(refused.map(({ worker }) => worker)).to.deep.equal(['w-2.31.9']);
    expect(refused[0]?.reasons[0]).to.include('2 minor versions older');
  });

  it('refuses each worker on which its policy fails, by the name of the plugin, and no other', async () => {
    const failing: Record<string, readonly [judge: () => unknown, text: RegExp]> = {
      throws: [
        () => {
          throw new Error('boom');
        },
        /policy mine: boom$/,
      ],
      rejects: [() => Promise.reject(new BusError('incompatible', 'boom')), /policy mine: boom$/],
      nothing: [() => undefined, /policy mine: gave undefined, which is no verdict/],
      text: [() => 'yes', /policy mine: gave 'yes', which is no verdict/],
      shape: [async () => ({ admit: true }), /policy mine: gave an object, which is no verdict/],
      hangs: [() => new Promise(() => {}), /the handshake gave no answer within 300 ms$/],
    };
    const mine: Policy = {
      name: 'mine',
      judge({ id = '' }) {
        const fails = failing[id];
        return fails ? (fails[0]() as Verdict) : { verdict: 'admit' };
      },
    };
    trial = await Trial.of(versionPolicy(mine), { limits: { handshakeTimeoutMs: 300 } });
    const fates = Object.entries(failing).map(async ([id, [, text]]) => {
      const error = await failure(trial.worker(id, hubVersion).start({ timeoutMs: 900 }));
      expect(error, id).to.include({ code: 'handshake-refused', retryable: true });
      expect(error.details.code, id).to.equal('handshake-failed');
      expect(error.message).to.match(text).and.include("plugin '@drumline/version-policy': ");
      const refused = trial.events.find(({ kind, worker }) => kind === 'refused' && worker === id);
      expect(refused?.cause, id).to.match(text);
    });
    expect(await trial.worker('fine', hubVersion).start()).to.have.property('degraded', false);
    await Promise.all(fates);
  });

  it('shows what a shadow would have refused in the agreement, in an event and in the census', async () => {
    const decisions: string[] = [];
    trial = await Trial.of(
      versionPolicy(
        shadow(exact(), ({ greeting, verdict }) => {
          decisions.push(`${greeting.id} ${verdict.verdict}`);
          if (greeting.id === 'w1') throw new Error('boom');
        }),
      ),
    );
    const reason = `shadow of exact(): would have refused: 2.31.0 is not the hub's ${hubVersion}`;
    expect(await trial.worker('w1', '2.31.0').start()).to.deep.include({ degraded: true, reasons: [reason] });
    expect(trial.events.find(({ kind }) => kind === 'degraded')).to.include({ worker: 'w1', cause: reason });
    expect(trial.hub.census().degraded).to.deep.equal([{ worker: 'w1', reasons: [reason] }]);
    expect(decisions).to.deep.equal(['healthy admit', 'w1 object']);
  });

  it('lets in with a shadow whose policy hangs', async () => {
    const hanging = shadow(
      others(() => new Promise(() => {})),
      undefined,
      { withinMs: 50 },
    );
    trial = await Trial.of(versionPolicy(hanging), { limits: { handshakeTimeoutMs: 2_000 } });
    const { reasons } = await trial.worker('w1', hubVersion).start({ timeoutMs: 1_500 });
    expect(reasons.join()).to.include('gave no verdict within 50 ms');
  });

  it('takes back a worker that was refused, where the refusal says that it may come again', async () => {
    let open = false;
    trial = await Trial.of(
      versionPolicy(
        others(() => (open ? { verdict: 'admit' } : { verdict: 'object', reason: 'not yet' })),
        { retryable: true },
      ),
    );
    const started = trial.worker('w1', '2.31.0').start({ timeoutMs: 5_000 });
    const refused = () => trial.events.some(({ kind }) => kind === 'refused');
    while (!refused()) await trial.served();
    open = true;
    await started;
    expect(trial.hub.workers.get('w1')?.liveness).to.equal('alive');
  });
});

describe('Two version policies', () => {
  it('on one hub are a problem that names them', async () => {
    const plugins = [versionPolicy(exact()), versionPolicy(lenient())];
    const error = await failure(() => createHub({ plugins, log: quiet }));
    expect(error.code).to.equal('plugin');
    expect(error.message).to.include('@drumline/version-policy');
  });
});

describe('A hub whose policy compares with its version', () => {
  for (const [version, text] of [
    [undefined, 'names none'],
    ['nightly', "names 'nightly'"],
  ] as const)
    it(`does not start while it ${text}, where a policy compares with its version`, async () => {
      const policies = [exact(), firstOf(unreadable(), adjacentMinor()), shadow(exact())];
      for (const policy of policies) {
        const hub = createHub({
          ...(version === undefined ? {} : { version }),
          plugins: [versionPolicy(policy)],
          log: quiet,
        });
        const error = await failure(hub.start());
        expect(error.code).to.equal('plugin');
        expect(error.message).to.include(`${text}: set createHub({ version: '1.2.3' })`);
        await hub.close();
      }
      const others = [range('^2.30'), unreadable(), lenient(), shadow(adjacentMinor({ hub: '2.32.0' }))];
      for (const policy of others) {
        const hub = createHub({
          ...(version === undefined ? {} : { version }),
          plugins: [versionPolicy(policy)],
          log: quiet,
        });
        await hub.start();
        await hub.close();
      }
    });

  it('takes no version to judge by that is none', () => {
    expect(() => adjacentMinor({ hub: 'next' })).to.throw(
      BusError,
      "adjacentMinor({ hub }) must be a semantic version, not 'next'",
    );
    expect(() => exact({ hub: '2' })).to.throw(
      BusError,
      "exact({ hub }) must be a semantic version, not '2'",
    );
  });
});
