import { expect } from 'chai';
import { inject, injectable, parametersOf } from '../../lib/services/inject.js';
import { token } from '../../lib/services/token.js';
import { thrown } from './rig.js';

const Name = token<string>('name');
const Size = token<number>('size');

@injectable()
class Both {
  constructor(
    @inject(Name) readonly name: string,
    @inject(Size) readonly size: number,
  ) {}
}

class Loose {
  constructor(
    readonly name: string,
    readonly size: number,
  ) {}
}

describe('@inject and @injectable', () => {
  it('make the parameters of a class known, in order', () => {
    expect(parametersOf(Both)).to.deep.equal([Name, Size]);
  });

  it('are not needed by a class without parameters', () => {
    class None {}
    @injectable()
    class Marked {}
    expect(parametersOf(None)).to.deep.equal([]);
    expect(parametersOf(Marked)).to.deep.equal([]);
  });

  it('leave parameters from a default value on to their defaults', () => {
    @injectable()
    class Defaults {
      constructor(
        @inject(Name) readonly name: string,
        readonly size = 5,
      ) {}
    }
    expect(parametersOf(Defaults)).to.deep.equal([Name]);
  });

  it('take a parameter after one that has no @inject', () => {
    @injectable()
    class Gap {
      constructor(
        readonly size = 5,
        @inject(Name) readonly name = '',
      ) {}
    }
    expect(parametersOf(Gap)).to.equal('parameter 1 of class Gap has no @inject(TOKEN)');
  });

  describe('on a class that extends another', () => {
    it('are inherited with the constructor', () => {
      class Plain extends Both {}
      @injectable()
      class Marked extends Both {}
      expect(parametersOf(Plain)).to.deep.equal([Name, Size]);
      expect(parametersOf(Marked)).to.deep.equal([Name, Size]);
    });

    it('belong to its own constructor if it has one', () => {
      @injectable()
      class Turned extends Both {
        constructor(@inject(Size) size: number) {
          super('turned', size);
        }
      }
      class Forgotten extends Both {
        constructor(size: number) {
          super('forgotten', size);
        }
      }
      expect(parametersOf(Turned)).to.deep.equal([Size]);
      expect(parametersOf(Forgotten)).to.equal(
        'class Forgotten has constructor parameters and no @injectable()',
      );
      expect(parametersOf(Both)).to.deep.equal([Name, Size]);
    });
  });

  it('say what is wrong with a class', () => {
    class OnlyMarks {
      constructor(@inject(Name) readonly name: string) {}
    }
    expect(parametersOf(Loose)).to.equal('class Loose has constructor parameters and no @injectable()');
    expect(parametersOf(OnlyMarks)).to.equal(
      'class OnlyMarks has constructor parameters and no @injectable()',
    );
    injectable()(Loose);
    expect(parametersOf(Loose)).to.equal('parameter 1 of class Loose has no @inject(TOKEN)');
    expect(
      parametersOf(
        class {
          constructor(readonly a: number) {}
        },
      ),
    ).to.equal('a class without a name has constructor parameters and no @injectable()');
    for (const none of [undefined, null, {}, 'Both'])
      expect(parametersOf(none)).to.equal(`a value of type ${typeof none} is no class`);
    expect(parametersOf(async function made() {})).to.equal("function 'made' is no class");
  });

  it('work on a class that another installed copy decorated', async () => {
    const copy: typeof import('../../lib/services/inject.js') = await import(
      `${import.meta.resolve('../../lib/services/inject.js')}?copy`
    );
    expect(copy.inject).not.to.equal(inject);
    @copy.injectable()
    class Theirs {
      constructor(
        @copy.inject(Name) readonly name: string,
        @inject(Size) readonly size: number,
      ) {}
    }
    expect(parametersOf(Theirs)).to.deep.equal([Name, Size]);
    expect(copy.parametersOf(Both)).to.deep.equal([Name, Size]);
  });

  it('hold the type of the token to that of the parameter', () => {
    class Typed {
      constructor(
        // @ts-expect-error: a number is no string
        @inject(Size) readonly name: string,
        @inject(Size) readonly size: number | undefined,
        @inject(token('untyped')) readonly untyped: string,
      ) {}
    }
    expect(parametersOf(injectable()(Typed) ?? Typed)).to.have.length(3);
  });

  describe('in a wrong place', () => {
    type Loosely = (...parameters: unknown[]) => void;
    const decorate = (...parameters: unknown[]) => thrown(() => (inject(Name) as Loosely)(...parameters));

    it('are refused, with the way out', () => {
      const place = (error: Error) => error.message.replace('@inject stands on ', '').split(':')[0];
      expect(place(decorate(Both.prototype, 'paint', 0))).to.equal("'paint' of class Both");
      expect(place(decorate(Both, 'paint', 0))).to.equal("'paint' of class Both");
      expect(place(decorate(Both.prototype, 'name'))).to.equal("'name' of class Both");
      expect(place(decorate(Both))).to.equal('a class');
      expect(decorate(Both).message).to.match(/: it belongs on a parameter of a constructor$/);
      expect(decorate(Both).code).to.equal('invalid-option');
    });

    it('are compile errors', () => {
      const method = () => {
        class Wrong {
          // @ts-expect-error: on the parameter of a method
          paint(@inject(Name) name: string) {
            return name;
          }
        }
        return Wrong;
      };
      const property = () => {
        class Wrong {
          // @ts-expect-error: on a property
          @inject(Name) name = '';
        }
        return Wrong;
      };
      expect(thrown(method).code).to.equal('invalid-option');
      expect(thrown(property).code).to.equal('invalid-option');
    });

    it('are refused with what is no token', () => {
      const define = () => {
        class Wrong {
          constructor(@inject(undefined as unknown as typeof Name) readonly name: string) {}
        }
        return Wrong;
      };
      expect(thrown(define).message).to.equal(
        '@inject of parameter 1 of class Wrong has undefined for a token: make one with token()',
      );
    });

    it('are refused as standard decorators', () => {
      const standard = { kind: 'class', name: 'Both', addInitializer() {} };
      const text = (name: string) =>
        `@${name} was called as a standard decorator: set experimentalDecorators in tsconfig.json (tsx and esbuild ` +
        'read it there too)';
      const called = thrown(() => injectable()(class {}, standard));
      expect([called.code, called.message]).to.deep.equal(['invalid-option', text('injectable')]);
      expect(decorate(undefined, { kind: 'field', name: 'name' }).message).to.equal(text('inject'));
    });
  });
});
