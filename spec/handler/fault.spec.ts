import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { cut, errorOf, faultOf } from '../../lib/handler/fault.js';

const hostile = () => {
  const refuse = () => {
    throw new Error('hands off');
  };
  return new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse });
};

describe('faults', () => {
  it('keep code, text, retryable and details of a BusError, there and back', () => {
    const error = new BusError('overflow', 'full', { retryable: false, details: { room: 3 } });
    const back = errorOf(faultOf(error));
    expect(back).to.include({ code: 'overflow', message: 'full', retryable: false });
    expect(back.details).to.deep.equal({ room: 3 });
  });

  it('of anything else are handler-failed with its text', () => {
    const texts: [thrown: unknown, text: string][] = [
      [new TypeError('boom'), 'boom'],
      ['a string', 'a string'],
      [undefined, 'undefined'],
      [null, 'null'],
      [Symbol('s'), 'Symbol(s)'],
      [Object.create(null), 'a value that cannot be printed'],
      [hostile(), 'a value that cannot be printed'],
      [Object.assign(new Error('x'), { message: { toString: hostile } }), 'a value that cannot be printed'],
    ];
    for (const [thrown, message] of texts)
      expect(faultOf(thrown, true)).to.include({
        code: 'handler-failed',
        message,
        retryable: false,
        details: '',
      });
  });

  it('survive a BusError whose fields throw or are of another type', () => {
    const throws = new BusError('timeout', 'x');
    Object.defineProperty(throws, 'details', { get: hostile });
    const odd = Object.assign(new BusError('timeout', 'x'), { code: 7 });
    const circular = new BusError('timeout', 'x', {
      details: {
        get self() {
          return hostile();
        },
      },
    });
    expect(faultOf(throws).details).to.equal('{"omitted":"the details cannot be encoded"}');
    expect(faultOf(odd).code).to.equal('handler-failed');
    expect(faultOf(circular)).to.include({
      code: 'timeout',
      details: '{"omitted":"the details cannot be encoded"}',
    });
    Object.defineProperty(throws, 'code', {
      get() {
        throw new Error('no');
      },
    });
    expect(faultOf(throws).code).to.equal('handler-failed');
  });

  it('are bounded: 2 KiB of text, 8 KiB of details', () => {
    const fault = faultOf(new BusError('timeout', 'é'.repeat(5000), { details: { text: 'x'.repeat(9000) } }));
    expect(Buffer.byteLength(fault.message)).to.be.within(2040, 2048);
    expect(fault.message.endsWith('é…')).to.equal(true);
    expect(fault.details).to.equal('{"omitted":"the details are larger than 8 KiB"}');
  });

  it('carry a stack only if told to, and give it back in the details', () => {
    const error = new Error('boom');
    expect(faultOf(error)).not.to.have.property('stack');
    const back = errorOf(faultOf(error, true));
    expect(back.details.stack).to.include('fault.spec');
  });

  it('with an unknown code become handler-failed and name it', () => {
    const error = errorOf({ code: 'rate-limited', message: 'slow', retryable: true, details: '' });
    expect(error).to.include({ code: 'handler-failed', message: 'slow', retryable: true });
    expect(error.details).to.deep.equal({ code: 'rate-limited' });
    expect(errorOf({ code: 'toString', message: '', retryable: false, details: '' }).code).to.equal(
      'handler-failed',
    );
  });

  it('with strange details lose them and nothing else', () => {
    for (const details of ['{', '[1]', '7', 'null', '"text"', `{"a":"${'x'.repeat(9000)}"}`])
      expect(
        errorOf({ code: 'timeout', message: 'x', retryable: true, details }).details,
        details,
      ).to.deep.equal({});
    const polluted = errorOf({
      code: 'timeout',
      message: 'x',
      retryable: true,
      details: '{"__proto__":{"a":1},"b":2}',
    });
    expect(polluted.details).to.deep.equal({ b: 2 });
  });

  it('cut a text between characters', () => {
    expect(cut('short', 10)).to.equal('short');
    expect(cut('🥁'.repeat(10), 12)).to.equal('🥁🥁…');
    expect(cut('x'.repeat(20), 10)).to.equal('xxxxxxx…');
  });
});
