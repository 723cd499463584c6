import { expect } from 'chai';
import { ask } from '../lib/ask.js';
import {
  exact,
  firstOf,
  type Greeting,
  greetingOf,
  lenient,
  type Policy,
  range,
  type Verdict,
} from '../lib/index.js';
import { failure } from './moment.js';

const greeting = greetingOf({ worker: 'w1', version: '2.31.0' }, '2.32.0');
const asked: Greeting[] = [];
const says = (name: string, verdict: Verdict): Policy => ({
  name,
  judge(greeting) {
    asked.push(greeting);
    return verdict;
  },
});
const admits = (...reasons: string[]) => says('admits', { verdict: 'admit', reasons });
const abstains = (...reasons: string[]) => says('abstains', { verdict: 'abstain', reasons });
const objects = (reason: string, more: object = {}) =>
  says('objects', { verdict: 'object', reason, ...more });
const of = (...policies: Policy[]) => ask(firstOf(...policies), greeting);

describe('firstOf()', () => {
  beforeEach(() => void asked.splice(0));

  it('lets in whom one policy admits, and asks those after it no more', async () => {
    expect(await of(objects('no'), admits(), objects('never'))).to.deep.equal({
      verdict: 'admit',
      reasons: [],
    });
    expect(asked).to.have.lengthOf(2);
  });

  it('objects with everything that was objected to', async () => {
    const verdict = await of(exact(), range('^3'), abstains());
    expect(verdict).to.deep.equal({
      verdict: 'object',
      reason: "exact(): 2.31.0 is not the hub's 2.32.0; range('^3'): 2.31.0 is not in ^3",
      remedy: 'run the worker at 2.32.0, or run the worker at a version in ^3',
    });
  });

  it('says each remedy once', async () => {
    const verdict = await of(objects('a', { remedy: 'upgrade' }), objects('b', { remedy: 'upgrade' }));
    expect(verdict).to.include({ reason: 'objects: a; objects: b', remedy: 'upgrade' });
  });

  it('abstains if all do', async () => {
    expect(await of(abstains(), abstains())).to.deep.equal({ verdict: 'abstain', reasons: [] });
  });

  it('objects if one does and the others abstain', async () => {
    expect(await of(abstains(), objects('no'), abstains())).to.include({ verdict: 'object' });
  });

  it('keeps the reasons of those that abstained, and not those of policies after the one that admits', async () => {
    expect(await of(abstains('a'), admits('b'), abstains('c'))).to.deep.equal({
      verdict: 'admit',
      reasons: ['a', 'b'],
    });
    expect(await of(abstains('a'), abstains('b'))).to.deep.equal({ verdict: 'abstain', reasons: ['a', 'b'] });
  });

  for (const [said, retryable] of [
    [[undefined, undefined], undefined],
    [[undefined, true], true],
    [[false, true], true],
    [[false, undefined], false],
  ] as const)
    it(`is ${retryable} to be tried again where its policies say ${said}`, async () => {
      const verdict = await of(...said.map((each) => objects('no', { retryable: each })));
      expect(verdict).to.have.property('verdict', 'object');
      expect((verdict as { retryable?: boolean }).retryable).to.equal(retryable);
    });

  it('tells each policy what those before it objected to, nested ones too', async () => {
    await of(objects('a'), abstains(), firstOf(objects('b'), admits()));
    expect(asked.map(({ objections }) => objections)).to.deep.equal([
      [],
      ['objects: a'],
      ['objects: a'],
      ['objects: a', 'objects: b'],
    ]);
  });

  it('says each objection once, nested too', async () => {
    const verdict = await of(objects('a'), firstOf(objects('b'), objects('c')));
    expect(verdict).to.include({ reason: 'objects: a; firstOf(objects, objects): objects: b; objects: c' });
  });

  it('names the policy that fails, and asks no other', async () => {
    const broken: Policy = { name: 'broken', judge: () => Promise.reject(new Error('boom')) };
    const thrown = await of(broken, admits()).catch((error) => error);
    expect(thrown.message).to.equal('policy firstOf(broken, admits): policy broken: boom');
    expect(asked).to.have.lengthOf(0);
  });

  it('is named by its policies', () => {
    expect(firstOf(exact(), range('^2'), lenient()).name).to.equal(
      "firstOf(exact(), range('^2'), lenient())",
    );
  });

  it('needs a policy', async () => {
    expect(await failure(() => firstOf())).to.have.property('code', 'invalid-option');
  });

  for (const wrong of [undefined, exact, 'exact', {}, { name: 'x' }, { name: ' ', judge() {} }])
    it(`takes no ${typeof wrong === 'function' ? 'maker' : JSON.stringify(wrong)} for a policy`, async () => {
      const error = await failure(() => firstOf(exact(), wrong as never));
      expect(error.code).to.equal('invalid-option');
      expect(error.message).to.include('argument 2 of firstOf()');
    });
});

describe('lenient()', () => {
  it('lets everybody in, and by itself has nothing to say', async () => {
    expect(await ask(lenient(), greeting)).to.deep.equal({ verdict: 'admit', reasons: [] });
  });

  it('behind others, says what they objected to', async () => {
    expect(await of(exact(), range('^3'), lenient())).to.deep.equal({
      verdict: 'admit',
      reasons: [
        "admitted all the same: exact(): 2.31.0 is not the hub's 2.32.0",
        "admitted all the same: range('^3'): 2.31.0 is not in ^3",
      ],
    });
  });
});
