import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { type AnyContract, defineMessage } from '../../lib/handler/contract.js';
import { type HandlerOptions, handler } from '../../lib/handler/registration.js';

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

  it('takes what a module exports, by its place, as frozen data', () => {
    const place = { module: new URL('./render.js', import.meta.url), export: 'render' };
    for (const named of [Render, 'render.frame']) {
      const registration = handler(named, place, { run: 'thread', concurrency: 2 });
      expect(registration).to.deep.include({
        type: 'render.frame',
        module: place,
        options: { run: 'thread', concurrency: 2 },
      });
      expect(Object.isFrozen(registration) && Object.isFrozen(registration.module)).to.equal(true);
    }
  });

  it('gives nothing that runs before an executor is bound', () => {
    const place = { module: new URL('./render.js', import.meta.url), export: 'render' };
    const { handle } = handler(Render, place, { run: 'thread' });
    expect(() => handle(undefined as never, undefined as never))
      .to.throw(BusError, "handler 'render.frame' is named by its module, and no executor is bound to it")
      .that.has.property('code', 'invalid-option');
  });

  const module = new URL('./render.js', import.meta.url);
  const misplaced: [place: object, options: object, text: string][] = [
    [{ module, export: 'render' }, {}, 'it is named by its module: say with run where it runs'],
    [
      { module, export: 'render' },
      { run: 'inline' },
      'it is named by its module: say with run where it runs',
    ],
    [
      { module: './render.js', export: 'render' },
      { run: 'thread' },
      "its module is the text './render.js', and must be a URL, as in { module: new URL(",
    ],
    [{ module: 7, export: 'render' }, { run: 'thread' }, 'its module is of type number, and must be a URL'],
    [{}, { run: 'thread' }, 'its module is of type undefined, and must be a URL'],
    [{ module }, { run: 'thread' }, 'it has no export: say by which name its module exports it'],
    [{ module, export: '' }, { run: 'thread' }, 'it has no export'],
    [
      { module, export: 'render', name: 'x' },
      { run: 'thread' },
      "there is no 'name' in the place of a handler",
    ],
    [{ module, export: 'render' }, { run: 'thread', concurency: 1 }, "there is no option 'concurency'"],
  ];
  for (const [place, options, text] of misplaced) {
    it(`says: ${text}`, () => {
      expect(() => handler(Render, place as never, options as never))
        .to.throw(BusError, `handler 'render.frame': ${text}`)
        .that.has.property('code', 'invalid-option');
    });
  }

  const wrong: [options: object, text: string][] = [
    [{ concurrency: 0 }, 'concurrency must be a positive integer, not 0'],
    [{ concurrency: 1.5 }, 'concurrency must be a positive integer, not 1.5'],
    [{ concurrency: Number.POSITIVE_INFINITY }, 'concurrency must be a positive integer, not Infinity'],
    [{ concurrency: '4' }, 'concurrency must be a positive integer, not 4'],
    [{ concurrency: null }, 'concurrency must be a positive integer, not an object'],
    [{ timeoutMs: 0 }, 'timeoutMs must be a positive number of milliseconds, not 0'],
    [{ timeoutMs: Number.NaN }, 'timeoutMs must be a positive number of milliseconds, not NaN'],
    [{ key: 'frame' }, 'key must be a function from the payload to a string or number, not frame'],
    [{ concurency: 4 }, "there is no option 'concurency'; there are concurrency, key, timeoutMs, run"],
    [{ constructor: 4 }, "there is no option 'constructor'"],
    [{ run: 7 }, "run must be a text such as 'inline' or 'thread', not 7"],
    [{ run: '' }, "run must be a text such as 'inline' or 'thread', not "],
    [
      { run: 'thread' },
      "it is a function, and a closure cannot travel to where run: 'thread' runs: name it by",
    ],
  ];
  for (const [options, text] of wrong) {
    it(`says: ${text}`, () => {
      expect(() => handler(Render, () => {}, options as HandlerOptions))
        .to.throw(BusError, `handler 'render.frame': ${text}`)
        .that.has.property('code', 'invalid-option');
    });
  }

  it('leaves out what is undefined, and refuses a handler that is no function', () => {
    expect(() => handler(Render, () => {}, { concurrency: undefined } as object)).not.to.throw();
    for (const [handle, text] of [
      [null, 'null'],
      ['./render.js', 'of type string'],
      [undefined, 'of type undefined'],
    ])
      expect(() => handler(Render, handle as never)).to.throw(
        BusError,
        `handler 'render.frame': it is ${text}, and must be a function, or the place of one`,
      );
  });
});
