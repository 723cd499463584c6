import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { type AnyContract, defineMessage } from '../../lib/handler/contract.js';
import { handler } from '../../lib/handler/registration.js';

const Render = defineMessage<{ frame: number }>('render.frame');

describe('handler', () => {
  it('gives the contract, the function and the options as frozen data', () => {
    const handle = () => {};
    const options = { concurrency: 2 };
    const registration = handler(Render, handle, options);
    options.concurrency = 3;
    expect(registration).to.deep.equal({
      type: 'render.frame',
      contract: Render,
      handle,
      options: { concurrency: 2 },
    });
    expect(Object.isFrozen(registration) && Object.isFrozen(registration.options)).to.equal(true);
  });

  it('takes a plain message type', () => {
    expect(handler('render', () => {})).to.deep.include({ type: 'render', contract: { type: 'render' } });
    expect(() => handler('', () => {})).to.throw(BusError, 'is empty');
    expect(() => handler(undefined as never, () => {})).to.throw(BusError, 'is no string');
    expect(() => handler({ type: 'drumline.x' } as AnyContract, () => {})).to.throw(BusError, 'reserved');
  });

  const wrong: [options: object, text: string][] = [
    [{ concurrency: 0 }, 'concurrency must be a positive integer, not 0'],
    [{ concurrency: 1.5 }, 'concurrency must be a positive integer, not 1.5'],
    [{ concurrency: Number.POSITIVE_INFINITY }, 'concurrency must be a positive integer, not Infinity'],
    [{ concurrency: '4' }, 'concurrency must be a positive integer, not 4'],
    [{ concurrency: null }, 'concurrency must be a positive integer, not an object'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a positive number of milliseconds, not 0'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs must be a positive number of milliseconds, not NaN'],
    [{ key: 'frame' }, 'key must be a function from the payload to a string or number, not frame'],
    [{ concurency: 4 }, "there is no option 'concurency'; there are concurrency, key, timeoutMs"],
    [{ constructor: 4 }, "there is no option 'constructor'"],
  ];
  for (const [options, text] of wrong) {
    it(`says: ${text}`, () => {
      expect(() => handler(Render, () => {}, options))
        .to.throw(BusError, `handler 'render.frame': ${text}`)
        .that.has.property('code', 'invalid-option');
    });
  }

  it('leaves out what is undefined, and refuses a handler that is no function', () => {
    expect(() => handler(Render, () => {}, { concurrency: undefined } as object)).not.to.throw();
    expect(() => handler(Render, {} as never)).to.throw(BusError, "handler 'render.frame': it is a object");
  });
});
