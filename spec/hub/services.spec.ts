import { expect } from 'chai';
import {
  all,
  type Context,
  createHub,
  createWorker,
  defineMessage,
  definePlugin,
  HUB,
  handler,
  handles,
  injectable,
  PEER,
  type Plugin,
  provider,
  token,
  WORKER,
} from '../../lib/index.js';
import { Bus, rejection } from './bus.js';

const manifest = (name: string, requires: Record<string, string> = {}) => ({
  name,
  version: '1.0.0',
  engines: { drumline: '>=0.1.0' },
  requires,
});

interface Basket {
  readonly owner: string;
  count: number;
}
const BASKET = token<Basket>('basket');
const Put = defineMessage<void, number>('put');

/** Counts per session, and notes what is built and disposed of. */
const baskets = (notes: string[]): Plugin =>
  definePlugin({
    manifest: manifest('baskets'),
    contributes: {
      providers: [
        provider(BASKET, {
          scope: 'session',
          factory: (services) => {
            const { id } = services.get(PEER);
            notes.push(`builds ${id}`);
            return { owner: id, count: 0, [Symbol.dispose]: () => void notes.push(`disposes of ${id}`) };
          },
        }),
      ],
      handlers: [
        handler(Put, (_, { services }) => {
          const basket = services.get(BASKET);
          basket.count += 1;
          return basket.count;
        }),
      ],
    },
  });

describe('services on a bus', () => {
  it('with scope session are one per session, survive its links, and go when it is over', async () => {
    const notes: string[] = [];
    const bus = await Bus.of({ plugins: [baskets(notes)] }, { id: 'w1' }, { id: 'w2' });
    const [w1, w2] = bus.workers;
    if (!w1 || !w2) return expect.fail('two workers joined');
    expect(await bus.settled(w1.request(Put))).to.equal(1);
    expect(await bus.settled(w1.request(Put))).to.equal(2);
    expect(await bus.settled(w2.request(Put))).to.equal(1);
    bus.cut('w1');
    await bus.clock.advance(500);
    bus.network.heal();
    await bus.clock.advance(2_000);
    expect(await bus.settled(w1.request(Put))).to.equal(3);
    expect(notes).to.deep.equal(['builds w1', 'builds w2']);
    await bus.settled(w1.close());
    await bus.clock.settle();
    expect(notes).to.deep.equal(['builds w1', 'builds w2', 'disposes of w1']);
    await bus.close();
    expect(notes.at(-1)).to.equal('disposes of w2');
  });

  it('of a session go after its last handler has settled', async () => {
    const notes: string[] = [];
    let finish = () => {};
    const slow = definePlugin({
      manifest: manifest('slow', { baskets: '*' }),
      contributes: {
        handlers: [
          handler('slow', async (_, { services }) => {
            services.get(BASKET);
            await new Promise<void>((resolve) => {
              finish = resolve;
            });
            notes.push(`ends with ${services.get(BASKET).owner}`);
          }),
        ],
      },
    });
    const bus = await Bus.of({ plugins: [baskets(notes), slow] }, { id: 'w1' });
    bus.workers[0]?.publish('slow', undefined);
    await bus.clock.settle();
    await bus.settled(bus.workers[0]?.close() as Promise<void>);
    await bus.clock.advance(100);
    expect(notes).to.deep.equal(['builds w1']);
    finish();
    await bus.clock.settle();
    expect(notes).to.deep.equal(['builds w1', 'ends with w1', 'disposes of w1']);
    await bus.close();
  });

  it('of an interceptor are those of its own plugin; the handler has its own', async () => {
    const seen: string[] = [];
    const NAME = token<string>('name');
    const named = (name: string, contributes: Plugin['contributes']) =>
      definePlugin({
        manifest: manifest(name),
        contributes: { ...contributes, providers: [provider(NAME, { value: name })] },
      });
    const note = (context: Context) => void seen.push(context.services.get(NAME));
    const outer = named('outer', {
      interceptors: [
        (next) => (message, context) => {
          note(context);
          return next(message, context);
        },
      ],
    });
    const inner = named('inner', { handlers: [handler('x', (_, context) => note(context))] });
    const bus = await Bus.of({ plugins: [outer, inner] }, { id: 'w1' });
    await bus.settled(bus.workers[0]?.request('x', undefined) as Promise<unknown>);
    expect(seen).to.deep.equal(['outer', 'inner']);
    await bus.close();
  });

  it('of the application are seen by its own handlers; those of plugins are not', async () => {
    const NAME = token<string>('name');
    const notes: string[] = [];
    const bus = await Bus.of(
      {
        plugins: [baskets(notes)],
        providers: [provider(NAME, { value: 'application' })],
        handlers: [
          handler('name', (_, { services }) => services.get(NAME)),
          handler('basket', (_, { services }) => services.get(BASKET).count),
        ],
      },
      { id: 'w1' },
    );
    const [w1] = bus.workers;
    expect(await bus.settled(w1?.request('name', undefined) as Promise<unknown>)).to.equal('application');
    const error = await rejection(w1?.request('basket', undefined) as Promise<unknown>, 'plugin');
    expect(error.message).to.contain("nobody provides 'basket' for the application");
    await bus.close();
  });

  it('that a hub or worker has itself are provided by nobody else', () => {
    const taking = (name: typeof HUB | typeof WORKER) =>
      definePlugin({
        manifest: manifest('taker'),
        contributes: { providers: [provider<unknown>(name, { value: 'mine' })] },
      });
    const text = (name: string) =>
      `token '${name}' has 2 providers for plugin 'taker': of drumline and plugin 'taker'`;
    expect(() => createHub({ plugins: [taking(HUB)] })).to.throw(text('drumline.hub'));
    expect(() => createWorker({ hub: 'hub:1', plugins: [taking(WORKER)] })).to.throw(text('drumline.worker'));
  });

  it('let a plugin send: from its steps, its handlers and its controllers', async () => {
    const seen: unknown[] = [];
    const Relay = defineMessage<string, string>('relay');
    const Upper = defineMessage<string, string>('upper');

    @injectable()
    class Relays {
      @handles(Relay)
      relay({ payload }: { payload: string }, { services, from }: Context): Promise<string> {
        return services.get(HUB).request(from.id, Upper, payload);
      }
    }

    const onHub = definePlugin({
      manifest: manifest('relays'),
      contributes: { controllers: [Relays] },
      ready: ({ services }) => void seen.push(services.get(HUB).publish(all(), 'nobody', 1)),
    });
    const onWorker = definePlugin({
      manifest: manifest('upper'),
      contributes: { handlers: [handler(Upper, ({ payload }) => payload.toUpperCase())] },
      async ready({ services }) {
        seen.push(await services.get(WORKER).request(Relay, 'hello'));
      },
    });
    const bus = await Bus.of({ plugins: [onHub] }, { id: 'w1', plugins: [onWorker] });
    expect(seen).to.deep.equal([{ queued: 0, dropped: 0 }, 'HELLO']);
    await bus.close();
  });
});
