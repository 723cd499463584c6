import { expect } from 'chai';
import { BusError, textOf } from '../../lib/errors/bus-error.js';

describe('BusError', () => {
  it('carries its code, its text, and what the table says of a retry', () => {
    const error = new BusError('timeout', 'too slow', { details: { timeoutMs: 5 } });
    expect(error).to.be.instanceOf(Error);
    expect(error).to.include({ name: 'BusError', code: 'timeout', message: 'too slow', retryable: true });
    expect(error.details).to.deep.equal({ timeoutMs: 5 });
    expect(new BusError('closed', '').retryable).to.equal(false);
    expect(new BusError('closed', '').details).to.deep.equal({});
  });

  it('may say otherwise of a retry than the table', () => {
    expect(new BusError('timeout', '', { retryable: false }).retryable).to.equal(false);
  });

  it('has a cause only where one was given', () => {
    expect(new BusError('closed', '')).to.not.have.property('cause');
    expect(new BusError('closed', '', { cause: undefined })).to.have.property('cause', undefined);
    expect(new BusError('closed', '', { cause: 'that' }).cause).to.equal('that');
  });

  it('is recognised by code', () => {
    const error = new BusError('overflow', '');
    expect(BusError.is(error)).to.equal(true);
    expect(BusError.is(error, 'overflow')).to.equal(true);
    expect(BusError.is(error, 'timeout')).to.equal(false);
  });

  it('is recognised across two copies of the module, either way', async () => {
    const url = new URL('../../lib/errors/bus-error.js?copy=2', import.meta.url);
    const { BusError: Other } = (await import(url.href)) as { BusError: typeof BusError };
    expect(Other).to.not.equal(BusError);
    const theirs = new Other('stuck', 'theirs');
    expect(theirs).to.not.be.instanceOf(BusError);
    expect(BusError.is(theirs, 'stuck')).to.equal(true);
    expect(Other.is(new BusError('stuck', 'ours'), 'stuck')).to.equal(true);
  });

  for (const value of [
    undefined,
    null,
    0,
    '',
    'BusError',
    {},
    [],
    new Error('no'),
    { name: 'BusError', code: 'timeout' },
  ])
    it(`is not ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`, () => {
      expect(BusError.is(value)).to.equal(false);
    });

  it('keeps its mark out of what is printed and copied', () => {
    const error = new BusError('closed', '');
    expect(Object.getOwnPropertySymbols({ ...error })).to.deep.equal([]);
    expect(BusError.is({ ...error })).to.equal(false);
  });
});

describe('textOf', () => {
  const hostile = {
    toString() {
      throw new Error('no text');
    },
  };
  const rows: readonly (readonly [unknown, string])[] = [
    [new Error('what happened'), 'what happened'],
    [new TypeError(''), 'TypeError'],
    ['a string', 'a string'],
    [undefined, 'undefined'],
    [null, 'null'],
    [7, '7'],
    [hostile, 'a value that cannot be printed'],
    [Object.create(null), 'a value that cannot be printed'],
    [Symbol('s'), 'Symbol(s)'],
  ];
  for (const [thrown, text] of rows) it(`gives '${text}'`, () => expect(textOf(thrown)).to.equal(text));
});
