import { expect } from 'chai';
import { BusError, defineMessage, definePlugin, handler, type Plugin } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection, watched } from '../hub/bus.js';

const named = (name: string, contributes: Plugin['contributes'] = {}): Plugin =>
  definePlugin({ manifest: { name, version: '1.0.0', engines: { drumline: '*' } }, contributes });

const boom = (): never => {
  throw new Error('boom');
};
const codec = { name: 'c', encode: (value: unknown) => Buffer.from(JSON.stringify(value)), decode: () => 1 };

/** What the hub told of faults and abandoned handlers: the plugin, and the text of the error. */
const told = (bus: Bus) =>
  bus.events
    .filter(({ kind }) => ['fault', 'abandoned'].includes(kind))
    .map(({ kind, plugin }) => [kind, plugin]);

describe('an event about a message', () => {
  noUnhandledRejections();

  it('names the plugin whose interceptor or codec failed, else that of the handler', async () => {
    const Encoded = defineMessage<number, number>('encoded', { codec: 'c' });
    const plugins = [
      named('gate', {
        interceptors: [
          (next) => (message, context) => (message.type === 'shut' ? boom() : next(message, context)),
        ],
      }),
      named('codec', { codecs: [{ ...codec, encode: boom }] }),
      named('owner', {
        handlers: [handler('shut', () => 1), handler(Encoded, () => 1), handler('own', boom)],
      }),
    ];
    const bus = await Bus.of(
      { plugins, handlers: [handler('apps', boom)] },
      { id: 'w1', plugins: [named('codec', { codecs: [codec] })] },
    );
    const [worker] = bus.workers;
    for (const [message, code] of [
      ['shut', 'plugin'],
      [Encoded, 'unserialisable'],
      ['own', 'handler-failed'],
      ['apps', 'handler-failed'],
    ] as const)
      await bus.settled(
        rejection((worker as NonNullable<typeof worker>).request(message as typeof Encoded, 1), code),
      );
    expect(told(bus)).to.deep.equal([
      ['fault', 'gate'],
      ['fault', 'codec'],
      ['fault', 'owner'],
      ['fault', undefined],
    ]);
    await bus.close();
  });

  it('and so does the caller hear, where an interceptor hangs, and the event when it is abandoned', async () => {
    const plugins = [
      named('hanger', {
        interceptors: [
          (next) => (message, context) =>
            message.type === 'x' ? new Promise(() => {}) : next(message, context),
        ],
      }),
      named('innocent', {
        handlers: [
          handler('x', () => 1, { timeoutMs: 200 }),
          handler('y', () => new Promise(() => {}), { timeoutMs: 200 }),
        ],
      }),
    ];
    const bus = await Bus.of({ plugins }, { id: 'w1' });
    const calls = ['x', 'y'].map((type) => watched(bus.workers[0]?.request(type, 1) as Promise<unknown>));
    await bus.clock.advance(200);
    expect(calls.map(({ error }) => [error?.code, error?.message, error?.details.plugin])).to.deep.equal([
      [
        'timeout',
        "a message of type 'x' ran into the timeoutMs of its handler: an interceptor of plugin 'hanger' has it",
        'hanger',
      ],
      ['timeout', "a message of type 'y' ran into the timeoutMs of its handler", undefined],
    ]);
    await bus.clock.advance(5_000);
    expect(told(bus)).to.deep.equal([
      ['fault', 'hanger'],
      ['fault', 'innocent'],
      ['abandoned', 'hanger'],
      ['abandoned', 'innocent'],
    ]);
    const [stuck] = bus.events.filter(({ kind }) => kind === 'abandoned');
    expect(stuck?.error).to.be.instanceOf(BusError);
    expect(stuck?.cause).to.equal(
      "an interceptor of plugin 'hanger' around a handler of 'x' still runs 5 s after its signal fired: make it heed context.signal",
    );
    await bus.close();
  });

  it('is none of a handler that ran after it was answered: no slot is left behind', async () => {
    let running = 0;
    let most = 0;
    const late: (() => void)[] = [];
    const refused: unknown[] = [];
    const plugins = [
      named('ack-first', {
        interceptors: [
          (next) => (message, context) => {
            late.push(() => {
              try {
                next(message, context);
              } catch (error) {
                refused.push((error as BusError).code);
              }
            });
            return 'queued';
          },
        ],
      }),
    ];
    const x = handler(
      'x',
      () => {
        running += 1;
        most = Math.max(most, running);
        return new Promise(() => {});
      },
      { concurrency: 1 },
    );
    const bus = await Bus.of({ plugins, handlers: [x] }, { id: 'w1' });
    for (let n = 0; n < 5; n++) await bus.settled(bus.workers[0]?.request('x', n) as Promise<unknown>);
    for (const call of late) call();
    expect([most, refused]).to.deep.equal([0, Array(5).fill('plugin')]);
    await bus.close();
  });
});
