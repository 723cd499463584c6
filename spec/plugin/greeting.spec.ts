import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Hello } from '../../lib/frame/frame.js';
import type {
  Agreement,
  HandshakeContext,
  HandshakeMiddleware,
  Negotiate,
} from '../../lib/handshake/negotiate.js';
import type { Contributions } from '../../lib/plugin/contributions.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { fate, never, plugin, Trial } from './trial.js';

const hello = {
  kind: 'hello',
  worker: 'w1',
  labels: {},
  handles: [],
  features: [],
  requires: [],
} as unknown as Hello;
const agreement: Agreement = {
  protocol: 1,
  features: [],
  limits: { maxPayloadBytes: 1, maxUnanswered: 1 },
  degraded: false,
  reasons: [],
};
const agree: Negotiate = async () => agreement;
const boom = (): never => {
  throw new Error('boom');
};
const pass: HandshakeMiddleware = (next) => (hello, context) => next(hello, context);

function greeting(handshakes: Record<string, HandshakeMiddleware[]>, base = agree) {
  const trial = new Trial();
  const plugins = Object.entries(handshakes).map(([name, handshake]) =>
    plugin(name, { contributes: { handshake } }),
  );
  const { contributions } = trial.host(plugins, { negotiate: base });
  const context = { peer: { address: 'x' } } as HandshakeContext;
  const negotiated = contributions.negotiate(hello, context);
  return { ...trial, contributions, context, fate: () => fate(negotiated, trial.clock), negotiated };
}

describe('handshake middleware of plugins', () => {
  noUnhandledRejections();

  it('is one chain in dependency order, the first listed outermost', async () => {
    const saying =
      (word: string): HandshakeMiddleware =>
      (next) =>
      async (hello, context) => {
        const inner = await next(hello, context);
        return { ...inner, reasons: [...inner.reasons, word] };
      };
    const plugins = [
      plugin('a', { contributes: { handshake: [saying('a1'), saying('a2')] } }, { requires: { b: '*' } }),
      plugin('b', { contributes: { handshake: [saying('b')] } }),
    ];
    const { negotiate } = new Trial().host(plugins, {
      negotiate: agree,
      applicationHandshake: [saying('application')],
    }).contributions;
    const { reasons } = await negotiate(hello, { peer: {} } as HandshakeContext);
    expect(reasons).to.deep.equal(['a2', 'a1', 'b', 'application']);
  });

  describe('that throws', () => {
    for (const [when, middleware] of [
      ['before next', () => boom],
      ['later', () => async () => boom()],
      [
        'after next',
        (next) => async (hello, context) => {
          await next(hello, context);
          return boom();
        },
      ],
    ] as [string, HandshakeMiddleware][]) {
      it(`${when} gives a refusal that names its plugin, and no other`, async () => {
        const error = (await greeting({ a: [pass], b: [middleware], c: [pass] }).fate()) as BusError;
        expect(error).to.include({ code: 'handshake-failed', message: "plugin 'b': boom" });
        expect(error.cause).to.include({ message: 'boom' });
        expect(error.details).to.deep.equal({ plugin: 'b' });
      });
    }

    it('a refusal of its own keeps it', async () => {
      const refusal = new BusError('incompatible', 'needs ^2.30');
      expect(await greeting({ a: [pass], b: [() => () => Promise.reject(refusal)] }).fate()).to.equal(
        refusal,
      );
    });

    it('is not blamed for what comes from further in', async () => {
      const error = await greeting({ a: [pass], b: [pass] }, async () => boom()).fate();
      expect(error).to.include({ code: 'handshake-failed', message: 'the handshake failed: boom' });
    });

    it('while it is applied gives an error that names its plugin', () => {
      for (const [wrong, text] of [
        [boom, "plugin 'a': its handshake middleware failed: boom"],
        [() => undefined, "plugin 'a': its handshake middleware gave no function"],
      ] as const)
        expect(() => greeting({ a: [wrong as never] }))
          .to.throw(BusError, text)
          .with.property('code', 'plugin');
    });
  });

  it('that forgets to return an agreement is named', async () => {
    const error = await greeting({ a: [pass], b: [() => async () => undefined as never] }).fate();
    expect(error).to.include({
      code: 'handshake-failed',
      message: "plugin 'b': its handshake middleware gave no agreement",
    });
  });

  it('that calls next without a context is named', async () => {
    const middleware: HandshakeMiddleware = (next) => (hello) => next(hello, undefined as never);
    const error = await greeting({ a: [pass], b: [middleware], c: [pass] }).fate();
    expect(error).to.include({
      code: 'handshake-failed',
      message: "plugin 'b': its handshake middleware must call next(hello, context)",
    });
  });

  it('that lets go of the inner agreement does not end the process when that fails', async () => {
    const middleware: HandshakeMiddleware = (next) => async (hello, context) => {
      void next(hello, context);
      return agreement;
    };
    expect(await greeting({ a: [middleware] }, () => Promise.reject(new Error('boom'))).fate()).to.equal(
      'resolved',
    );
  });

  describe('that never answers', () => {
    const hang: HandshakeMiddleware = () => () => never() as never;

    it('is the one that the greeting waits for, whatever is around it', async () => {
      const { contributions, context, fate } = greeting({ a: [pass], b: [pass, hang], c: [pass] });
      expect(await fate()).to.equal('waits');
      expect(contributions.waitsFor(context.peer)).to.equal('b');
      expect(contributions.waitsFor({ address: 'x' })).to.equal(undefined);
    });

    it('before or after next is told from the one that it called', async () => {
      const before: HandshakeMiddleware = (next) => async (hello, context) => {
        await never();
        return next(hello, context);
      };
      const after: HandshakeMiddleware = (next) => async (hello, context) => {
        const inner = await next(hello, context);
        await never();
        return inner;
      };
      for (const middleware of [before, after]) {
        const { contributions, context, fate } = greeting({ a: [pass], b: [middleware], c: [pass] });
        expect(await fate()).to.equal('waits');
        expect(contributions.waitsFor(context.peer)).to.equal('b');
      }
    });

    it('is told even where the ones around it changed the hello and the context', async () => {
      const change: HandshakeMiddleware = (next) => (hello, context) => next({ ...hello }, { ...context });
      const { contributions, context, fate } = greeting({ a: [change], b: [hang] });
      expect(await fate()).to.equal('waits');
      expect(contributions.waitsFor(context.peer)).to.equal('b');
    });

    it('is not named while the chain waits for something that is of no plugin', async () => {
      const { contributions, context, fate } = greeting({ a: [pass] }, () => never() as never);
      expect(await fate()).to.equal('waits');
      expect(contributions.waitsFor(context.peer)).to.equal(undefined);
    });

    it('is not named any more once the greeting is over', async () => {
      const { contributions, context, fate } = greeting({ a: [pass], b: [pass] });
      expect(await fate()).to.equal('resolved');
      expect(contributions.waitsFor(context.peer)).to.equal(undefined);
    });
  });
});

describe('authentication by a plugin', () => {
  noUnhandledRejections();
  const peer = { address: 'x' };
  const context = { peer, signal: new AbortController().signal };
  const by = (authenticate: Contributions['authenticate'] & {}) =>
    new Trial().host([plugin('auth', { contributes: { authenticate } })]).contributions;

  it('gives the identity that it found', async () => {
    const { authenticate } = by((hello, { peer }) => ({ subject: `${hello.worker} at ${peer.address}` }));
    expect(await authenticate?.(hello, context)).to.deep.equal({ subject: 'w1 at x' });
  });

  it('gives unauthenticated, with its name, for what is no identity', async () => {
    const { authenticate } = by((() => undefined) as never);
    const error = await Promise.resolve(authenticate?.(hello, context)).catch((error) => error);
    expect(error).to.include({ code: 'unauthenticated' });
    expect(error.message).to.match(/^plugin 'auth': authentication gave undefined, which is no identity/);
  });

  it('gives unauthenticated, with its name and none of its words, for what it throws', async () => {
    for (const wrong of [boom, async () => boom()]) {
      const error = await Promise.resolve(by(wrong).authenticate?.(hello, context)).catch((error) => error);
      expect(error).to.include({ code: 'unauthenticated', message: "plugin 'auth': authentication failed" });
      expect(error.cause).to.have.property('message', 'boom');
    }
  });

  it('keeps a refusal that has a code already', async () => {
    const refusal = new BusError('unauthenticated', 'who?', { retryable: true });
    const { authenticate } = by(() => {
      throw refusal;
    });
    expect(await Promise.resolve(authenticate?.(hello, context)).catch((error) => error)).to.equal(refusal);
  });

  it('is what the greeting waits for while it does not answer', async () => {
    const { authenticate, waitsFor } = by(() => never() as never);
    void authenticate?.(hello, context);
    expect(waitsFor(peer)).to.equal('auth');
  });

  it('is the application’s own where no plugin has one', () => {
    const applicationAuthenticate = () => ({ subject: 'x' });
    const { contributions } = new Trial().host([plugin('a')], { applicationAuthenticate });
    expect(contributions.authenticate).to.equal(applicationAuthenticate);
    expect(new Trial().host([]).contributions.authenticate).to.equal(undefined);
  });
});
