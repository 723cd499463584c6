import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Context, HandlerMessage } from '../../lib/handler/context.js';
import { defineMessage, type StreamOf } from '../../lib/handler/contract.js';
import { handledBy, handles } from '../../lib/handler/handles.js';
import type { HandlerOptions } from '../../lib/handler/registration.js';

interface Frame {
  readonly frame: number;
}
const Render = defineMessage<Frame, { ms: number }>('render');
const Pause = defineMessage('pause');
const Tail = defineMessage<Frame, StreamOf<string>>('tail');

class Renderer {
  @handles(Render, { concurrency: 1, key: ({ frame }) => frame })
  render({ payload }: HandlerMessage<Frame>) {
    return { ms: payload.frame };
  }

  @handles(Pause)
  async pause() {}
}

/** What is handled, as pairs of message type and method. */
const pairs = (Class: { readonly prototype: unknown }) =>
  handledBy(Class).map(({ contract, method }) => [contract.type, method]);

function thrown(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (BusError.is(error, 'invalid-option')) return error.message;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('@handles', () => {
  it('is read as contract, options and method', () => {
    const [render, pause] = handledBy(Renderer);
    expect(render).to.include({ contract: Render, method: 'render' });
    expect(render?.options.concurrency).to.equal(1);
    expect(render?.options.key?.({ frame: 7 })).to.equal(7);
    expect(pause).to.deep.equal({ contract: Pause, options: {}, method: 'pause' });
    expect(handledBy(class {})).to.deep.equal([]);
    expect(handledBy((() => {}) as never)).to.deep.equal([]);
  });

  it('takes plain message types, symbols as names, and several messages for a method', () => {
    const name = Symbol('name');
    class Plain {
      @handles('one')
      @handles('two', { timeoutMs: 5 })
      [name](message: HandlerMessage, context: Context) {
        return [message, context];
      }
    }
    expect(pairs(Plain)).to.deep.equal([
      ['two', name],
      ['one', name],
    ]);
    expect(handledBy(Plain)[0]?.options).to.deep.equal({ timeoutMs: 5 });
  });

  it('leaves the class as it is', () => {
    expect(Object.keys(Renderer.prototype)).to.deep.equal([]);
    expect(new Renderer().render({ payload: { frame: 3 } } as HandlerMessage<Frame>)).to.deep.equal({
      ms: 3,
    });
  });

  describe('on a class that another extends', () => {
    it('is inherited, also by a method that overrides without it', () => {
      class Faster extends Renderer {
        override render() {
          return { ms: 1 };
        }
        @handles('more') more() {}
      }
      expect(pairs(Faster)).to.deep.equal([
        ['render', 'render'],
        ['pause', 'pause'],
        ['more', 'more'],
      ]);
      expect(pairs(Renderer)).to.have.length(2);
    });

    it('is replaced by that of a method that overrides with one', () => {
      class Slower extends Renderer {
        @handles(Render, { timeoutMs: 9 })
        override render() {
          return { ms: 9 };
        }
        @handles('resume')
        override async pause() {}
      }
      expect(pairs(Slower)).to.deep.equal([
        ['render', 'render'],
        ['resume', 'pause'],
      ]);
      expect(handledBy(Slower)[0]?.options).to.deep.equal({ timeoutMs: 9 });
    });

    it('stays beside that of another method, for the check of plugins to refuse', () => {
      class Twice extends Renderer {
        @handles(Render) again() {
          return { ms: 0 };
        }
      }
      expect(pairs(Twice).filter(([type]) => type === 'render')).to.deep.equal([
        ['render', 'render'],
        ['render', 'again'],
      ]);
    });
  });

  it('works on a class that another installed copy decorated', async () => {
    const copy: typeof import('../../lib/handler/handles.js') = await import(
      `${import.meta.resolve('../../lib/handler/handles.js')}?copy`
    );
    expect(copy.handles).not.to.equal(handles);
    class Mixed extends Renderer {
      @copy.handles('theirs') theirs() {}
      @handles('ours') ours() {}
    }
    expect(pairs(Mixed).slice(2)).to.deep.equal([
      ['theirs', 'theirs'],
      ['ours', 'ours'],
    ]);
    expect(copy.handledBy(Mixed)).to.deep.equal(handledBy(Mixed));
  });

  it('holds a method to the types of its contract', () => {
    class Typed {
      // @ts-expect-error: another payload
      @handles(Render) payload({ payload }: HandlerMessage<{ frame: string }>) {
        return { ms: payload.frame.length };
      }
      // @ts-expect-error: another reply
      @handles(defineMessage<Frame, number>('reply')) reply() {
        return 'text';
      }
      // @ts-expect-error: one item for a stream
      @handles(Tail) item() {
        return 5;
      }
      @handles(defineMessage<Frame, StreamOf<string>>('stream')) *stream() {
        yield 'line';
      }
      // @ts-expect-error: a key of another payload
      @handles(defineMessage<Frame>('key'), { key: (payload: string) => payload }) key() {}
      // @ts-expect-error: a typed payload for a plain type
      @handles('plain') plain({ payload }: HandlerMessage<Frame>) {
        return payload;
      }
    }
    expect(handledBy(Typed)).to.have.length(6);
  });

  describe('is refused', () => {
    it('twice for one message type in a class', () => {
      const define = () => {
        class Twice {
          @handles(Render) one() {
            return { ms: 1 };
          }
          @handles('render') two() {}
        }
        return Twice;
      };
      expect(thrown(define)).to.equal("class Twice handles 'render' twice: with 'one' and with 'two'");
    });

    it('on a static method, a getter, a property and a class', () => {
      const text = (place: string) =>
        `@handles stands on ${place}: it belongs on a method that is not static`;
      const onStatic = () => {
        class Wrong {
          readonly paused = false;
          @handles(Pause) static pause() {}
        }
        return Wrong;
      };
      const onGetter = () => {
        class Wrong {
          // @ts-expect-error: what it gives is no reply, as far as the compiler knows
          @handles(Pause) get pause() {
            return 1;
          }
        }
        return Wrong;
      };
      const onProperty = () => {
        class Wrong {
          // @ts-expect-error: no method
          @handles(Pause) pause = () => {};
        }
        return Wrong;
      };
      const onClass = () => (handles(Pause) as unknown as (target: object) => void)(Renderer);
      expect(thrown(onStatic)).to.equal(text("the static 'pause' of class Wrong"));
      expect(thrown(onGetter)).to.equal(text("'pause' of class Wrong"));
      expect(thrown(onProperty)).to.equal(text("'pause' of class Wrong"));
      expect(thrown(onClass)).to.equal(text('class Renderer'));
    });

    it('with what handler() refuses', () => {
      const decorate = (type: string, options?: HandlerOptions) =>
        thrown(() =>
          handles(type, options)(Renderer.prototype, 'x', {
            value: () => {},
          } as TypedPropertyDescriptor<never>),
        );
      expect(decorate('')).to.match(/^message type "" is empty/);
      expect(decorate(undefined as never)).to.match(/^message type undefined is no string/);
      expect(decorate('x', { concurrency: 0 })).to.match(
        /^handler 'x': concurrency must be a positive integer/,
      );
      expect(decorate('x', { run: 'thread' } as never)).to.match(/^handler 'x': /);
      expect(pairs(Renderer)).to.have.length(2);
    });

    it('as a standard decorator', () => {
      const standard = { kind: 'method', name: 'pause', static: false };
      const call = handles(Pause) as unknown as (...parameters: unknown[]) => void;
      expect(thrown(() => call(() => {}, standard))).to.match(
        /^@handles was called as a standard decorator: set experimentalDecorators in tsconfig.json/,
      );
    });
  });
});
