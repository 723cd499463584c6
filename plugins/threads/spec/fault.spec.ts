import { expect } from 'chai';
import { handler } from 'drumline/plugin';
import { eventually, Fleet, failure, inThreads, module } from './fleet.js';

describe('What a thread throws', () => {
  it('keeps code, text, retryable and details if it is a BusError', async () => {
    await using fleet = await Fleet.of(inThreads(['failTyped']));
    const error = await failure(fleet.hub.request('w1', 'failTyped', null));
    expect(error).to.include({ code: 'no-worker', message: 'none has a spade', retryable: true });
    expect(error.details).to.deep.equal({ since: 3, deep: { a: [1] } });
  });

  it('loses details that cannot be cloned, and says so', async () => {
    await using fleet = await Fleet.of(inThreads(['failWithFunction']));
    const error = await failure(fleet.hub.request('w1', 'failWithFunction', null));
    expect(error).to.include({ code: 'overflow', message: 'full', retryable: true });
    expect(error.details).to.deep.equal({ omitted: 'the details cannot be cloned' });
  });

  for (const [name, text] of [
    ['failPlain', 'out of reach'],
    ['failText', 'a bare text'],
    ['failOddly', 'a value that cannot be printed'],
  ] as const)
    it(`is handler-failed with its text otherwise (${name})`, async () => {
      await using fleet = await Fleet.of(inThreads([name, 'square']));
      const error = await failure(fleet.hub.request('w1', name, null));
      expect(error).to.include({ code: 'handler-failed', message: text, retryable: false });
      expect(await fleet.hub.request('w1', 'square', 7)).to.equal(49);
      expect(fleet.ended).to.equal(0);
    });

  it('is logged where it was thrown, with the stack of the thread', async () => {
    await using fleet = await Fleet.of(inThreads(['failPlain']));
    await failure(fleet.hub.request('w1', 'failPlain', null));
    const stack = /RangeError: out of reach\s+at failPlain .*work\.[jt]s/;
    await eventually('it is logged', () => fleet.lines.some(({ text }) => stack.test(text)));
  });
});

describe('A place that is none', () => {
  const faults: [name: string, where: string, text: string][] = [
    ['absent', './work.js', "handler 'x' cannot run: its module 'work.js' has no export 'absent': it has "],
    [
      'nothing',
      './work.js',
      "handler 'x' cannot run: its module 'work.js' exports a number as 'nothing', not a function",
    ],
    ['constructor', './work.js', "has no export 'constructor'"],
    [
      'run',
      './no-such.js',
      "handler 'x' cannot run: its module 'no-such.js' cannot be loaded in a thread (ERR_MODULE_NOT_FOUND)",
    ],
    [
      'never',
      './bad.js',
      "handler 'x' cannot run: its module 'bad.js' cannot be loaded in a thread (no licence)",
    ],
  ];
  for (const [name, where, text] of faults)
    it(`costs its message alone, and says what is wrong (${name} of ${where})`, async () => {
      const place = { module: new URL(where, import.meta.url), export: name };
      const handlers = [handler('x', place, { run: 'thread' }), ...inThreads(['square'])];
      await using fleet = await Fleet.of(handlers, { threads: 1 });
      for (let n = 0; n < 2; n += 1) {
        const error = await failure(fleet.hub.request('w1', 'x', null));
        expect(error).to.include({ code: 'handler-failed', retryable: false });
        expect(error.message).to.include(text).and.not.include(new URL('./', module).pathname);
      }
      expect(await fleet.hub.request('w1', 'square', 7)).to.equal(49);
      expect(fleet.ended).to.equal(0);
    });
});
