import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import {
  type Agreement,
  type BusEvent,
  type Contributions,
  definePlugin,
  type HandshakeMiddleware,
  handler,
  type Plugin,
} from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, nobody, rejection, Stranger } from './bus.js';

const plugin = (name: string, contributes: Contributions): Plugin =>
  definePlugin({ manifest: { name, version: '1.0.0', engines: { drumline: '>=0.1.0' } }, contributes });

/** Says it is one of ours, and cannot be read. */
const hostile = (): unknown =>
  new Proxy(new BusError('plugin', 'x'), {
    get(target, key) {
      if (typeof key === 'symbol') return Reflect.get(target, key);
      throw new Error('not for you');
    },
  });

describe('A plugin cannot hurt others', () => {
  noUnhandledRejections();

  it('by changing who sent a message', async () => {
    const seen: unknown[] = [];
    const tries: unknown[] = [];
    const thief = plugin('thief', {
      handlers: [
        handler('steal', (_, { from }) => {
          const mine = from as { id: string; identity: unknown; labels: Record<string, string> };
          for (const steal of [
            () => {
              mine.id = 'root';
            },
            () => {
              mine.identity = { subject: 'admin' };
            },
            () => {
              mine.labels.role = 'admin';
            },
          ]) {
            try {
              steal();
            } catch (error) {
              tries.push((error as Error).name);
            }
          }
        }),
      ],
    });
    const bus = await Bus.of(
      {
        plugins: [thief],
        authenticate: () => ({ subject: 'ada' }),
        handlers: [handler('who', (_, { from }) => void seen.push({ ...from, epoch: '' }))],
      },
      { id: 'w1', labels: { role: 'guest' } },
    );
    const [worker] = bus.workers;
    await bus.settled(worker?.request('steal', 1) as Promise<unknown>);
    await bus.settled(worker?.request('who', 1) as Promise<unknown>);
    expect(tries).to.deep.equal(['TypeError', 'TypeError', 'TypeError']);
    expect(seen).to.deep.equal([
      { id: 'w1', epoch: '', labels: { role: 'guest' }, identity: { subject: 'ada' } },
    ]);
    await bus.close();
  });

  it('by changing an event that the next one is told', async () => {
    const seen: string[] = [];
    const liar = plugin('liar', {
      observers: [
        (event) => {
          (event as { kind: string }).kind = 'hacked';
        },
      ],
    });
    const honest = plugin('honest', { observers: [({ kind }: BusEvent) => void seen.push(kind)] });
    const bus = await Bus.of({ plugins: [liar, honest] }, { id: 'w1' });
    expect(seen).to.deep.equal(['joined']);
    await bus.close();
  });

  it('by keeping the agreement that was checked', async () => {
    let kept: { reasons: string[]; limits: { maxPayloadBytes: number } } | undefined;
    const keeper: HandshakeMiddleware = (next) => async (hello, context) => {
      const agreement = structuredClone(await next(hello, context));
      kept = agreement as unknown as typeof kept;
      return agreement;
    };
    const bus = await Bus.of({ plugins: [plugin('keeper', { handshake: [keeper] })] }, { id: 'w1' });
    if (kept) {
      kept.reasons.push('hacked');
      kept.limits.maxPayloadBytes = 0;
    }
    const { agreement } = bus.hub.workers.get('w1') as { agreement: Agreement };
    expect(agreement.reasons).to.deep.equal([]);
    expect(agreement.limits.maxPayloadBytes).to.be.greaterThan(0);
    await bus.close();
  });

  it('by throwing what only looks like an error of the bus', async () => {
    const bus = await Bus.of(
      {
        plugins: [
          plugin('p', {
            observers: [
              () => {
                throw hostile();
              },
              async () => {
                throw hostile();
              },
            ],
            handlers: [
              handler('sync', () => {
                throw hostile();
              }),
              handler('async', async () => {
                throw hostile();
              }),
            ],
          }),
        ],
      },
      { id: 'w1' },
    );
    const [worker] = bus.workers;
    for (const type of ['sync', 'async'])
      await rejection(bus.settled(worker?.request(type, 1) as Promise<unknown>), 'handler-failed');
    await bus.close();
  });
});

describe('A hub that closes', () => {
  noUnhandledRejections();

  it('tells a policy that hangs, refuses the worker, and leaves no timer', async () => {
    const signals: AbortSignal[] = [];
    const hangs: HandshakeMiddleware =
      () =>
      (_, { signal }) => {
        signals.push(signal);
        return new Promise(() => {});
      };
    const bus = await Bus.of({ handshake: [hangs] });
    const stranger = new Stranger(bus).send({ ...nobody, worker: 'w1' });
    await bus.clock.advance(100);
    await bus.settled(bus.hub.close());
    expect(signals.map(({ aborted }) => aborted)).to.deep.equal([true]);
    expect(stranger.of('refusal').map(({ code, retryable }) => [code, retryable])).to.deep.equal([
      ['closed', true],
    ]);
    expect(bus.clock.pending).to.equal(0);
    await bus.close();
  });
});

describe('A worker that gave up while the hub thought', () => {
  noUnhandledRejections();

  it('does not join', async () => {
    const slow: HandshakeMiddleware = (next) => async (hello, context) => {
      await new Promise<void>((resolve) => bus.clock.after(500, resolve));
      return next(hello, context);
    };
    const bus = await Bus.of({ handshake: [slow] });
    const stranger = new Stranger(bus).send({ ...nobody, worker: 'w1' });
    await bus.clock.advance(100);
    stranger.link.abort();
    await bus.clock.advance(1_000);
    expect(bus.events.map(({ kind, cause }) => [kind, cause])).to.deep.equal([
      ['refused', 'stranger hung up before its greeting was answered'],
    ]);
    await bus.close();
  });
});
