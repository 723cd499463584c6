import { expect } from 'chai';
import { ask } from '../lib/ask.js';
import { type Decision, exact, firstOf, greetingOf, lenient, type Policy, shadow } from '../lib/index.js';
import { failure, sleep } from './moment.js';

const greeting = (version: string) => greetingOf({ worker: 'w1', version }, '2.32.0');
const refused = "shadow of exact(): would have refused: 2.31.0 is not the hub's 2.32.0";

describe('shadow()', () => {
  const warnings: Error[] = [];
  const rejections: unknown[] = [];
  const warned = (warning: Error) => void warnings.push(warning);
  const rejected = (reason: unknown) => void rejections.push(reason);
  before(() => process.on('warning', warned).on('unhandledRejection', rejected));
  after(() => process.off('warning', warned).off('unhandledRejection', rejected));
  beforeEach(() => void warnings.splice(0));
  afterEach(() => expect(rejections.splice(0)).to.deep.equal([]));

  it('abstains, with what would have been refused as a reason', async () => {
    expect(await ask(shadow(exact()), greeting('2.31.0'))).to.deep.equal({
      verdict: 'abstain',
      reasons: [refused],
    });
  });

  it('has nothing to say of what would have been let in', async () => {
    expect(await ask(shadow(exact()), greeting('2.32.0'))).to.deep.equal({ verdict: 'abstain', reasons: [] });
    const behind = shadow(firstOf(exact(), lenient()));
    expect(await ask(behind, greeting('2.31.0'))).to.deep.equal({ verdict: 'abstain', reasons: [] });
  });

  it('neither refuses nor admits in firstOf(), and its reason is kept', async () => {
    expect(await ask(firstOf(shadow(exact()), lenient()), greeting('2.31.0'))).to.deep.equal({
      verdict: 'admit',
      reasons: [refused],
    });
    expect(await ask(firstOf(shadow(lenient()), exact()), greeting('2.31.0'))).to.have.property(
      'verdict',
      'object',
    );
  });

  it('reports every decision, the admissions too', async () => {
    const decisions: Decision[] = [];
    const policy = shadow(firstOf(exact()), (decision) => decisions.push(decision));
    for (const version of ['2.32.0', '2.31.0']) await ask(policy, greeting(version));
    expect(decisions.map(({ verdict: { verdict } }) => verdict)).to.deep.equal(['admit', 'object']);
    expect(decisions.map(({ greeting }) => greeting.worker.text)).to.deep.equal(['2.32.0', '2.31.0']);
    expect(decisions[0]?.policy).to.equal('firstOf(exact())');
  });

  for (const [how, report] of Object.entries<(decision: Decision) => unknown>({
    throws: () => {
      throw new Error('boom');
    },
    rejects: () => Promise.reject(new Error('boom')),
    'throws what cannot be printed': () => {
      throw Object.create(null);
    },
    'changes what it gets': (decision) => {
      Object.assign(decision.verdict, { verdict: 'admit', reason: 'changed' });
    },
    'gives what throws when it is awaited': () => ({
      // biome-ignore lint/suspicious/noThenProperty: that is the point
      get then() {
        throw new Error('boom');
      },
    }),
  }))
    it(`gives the same, and warns once, where the report ${how}`, async () => {
      const policy = shadow(exact(), report);
      expect(await ask(policy, greeting('2.31.0'))).to.deep.equal({ verdict: 'abstain', reasons: [refused] });
      expect(await ask(policy, greeting('2.32.0'))).to.deep.equal({ verdict: 'abstain', reasons: [] });
      await sleep(5);
      expect(warnings.map(({ name }) => name)).to.deep.equal(['@drumline/version-policy']);
      expect(warnings[0]?.message).to.include('the report of shadow(exact()) failed');
    });

  it('does not wait for a report', async () => {
    const policy = shadow(exact(), () => new Promise(() => {}));
    expect(await ask(policy, greeting('2.31.0'))).to.have.property('verdict', 'abstain');
  });

  const failing: Policy = { name: 'failing', judge: () => Promise.reject(new Error('boom')) };
  const nonsense = { name: 'nonsense', judge: () => 'yes' } as unknown as Policy;
  const hanging: Policy = { name: 'hanging', judge: () => new Promise(() => {}) };
  for (const [policy, text] of [
    [failing, 'policy failing: boom'],
    [nonsense, "policy nonsense: gave 'yes', which is no verdict"],
    [hanging, 'policy hanging: gave no verdict within 30 ms'],
  ] as const)
    it(`lets in, and says what happened, with a policy that is ${policy.name}`, async () => {
      const decisions: Decision[] = [];
      const verdict = await ask(
        shadow(policy, (decision) => decisions.push(decision), { withinMs: 30 }),
        greeting('2.31.0'),
      );
      if (verdict.verdict !== 'abstain') return expect.fail('it has an opinion');
      expect(verdict.reasons?.[0]).to.include(`would have refused: ${text}`);
      expect(decisions[0]?.verdict).to.include({ verdict: 'object', retryable: true });
    });

  it('leaves no timer behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    await sleep(1);
    const before = timers();
    for (let n = 0; n < 10; n++) await ask(shadow(exact()), greeting('2.31.0'));
    expect(timers()).to.equal(before);
  });

  it('takes no notice of a verdict that comes late', async () => {
    const decisions: Decision[] = [];
    const late: Policy = {
      name: 'late',
      judge: () => sleep(30).then(() => Promise.reject(new Error('late'))),
    };
    await ask(
      shadow(late, (decision) => decisions.push(decision), { withinMs: 5 }),
      greeting('2.31.0'),
    );
    await sleep(40);
    expect(decisions).to.have.lengthOf(1);
  });

  for (const [wrong, text] of [
    [[exact], 'the policy of shadow()'],
    [[undefined], 'the policy of shadow()'],
    [[exact(), 'console.log'], 'the report of shadow()'],
    [[exact(), undefined, { withinMs: 0 }], 'withinMs'],
    [[exact(), undefined, { withinMs: Number.NaN }], 'withinMs'],
    [[exact(), undefined, { withinMs: Number.POSITIVE_INFINITY }], 'withinMs'],
    [[exact(), undefined, { withinMs: '5' }], 'withinMs'],
  ] as const)
    it(`names what is wrong with ${wrong.map((each) => (typeof each === 'function' ? 'a function' : JSON.stringify(each)))}`, async () => {
      const error = await failure(() => shadow(...(wrong as unknown as Parameters<typeof shadow>)));
      expect(error.code).to.equal('invalid-option');
      expect(error.message).to.include(text);
    });
});
