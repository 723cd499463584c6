import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Codec } from '../../lib/handler/codec.js';
import { defineMessage, type StreamOf } from '../../lib/handler/contract.js';
import { handler } from '../../lib/handler/registration.js';
import { definePlugin } from '../../lib/plugin/manifest.js';
import { Mirror } from '../handler/mirror.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection } from '../hub/bus.js';

const Echo = defineMessage<unknown, unknown>('echo', { codec: 'mirror' });
const Lines = defineMessage<unknown, StreamOf<unknown>>('lines', { codec: 'mirror' });
const manifest = { name: 'looking-glass', version: '1.0.0', engines: { drumline: '*' } };
const lookingGlass = (codec: Partial<Codec> = {}) =>
  definePlugin({ manifest, contributes: { codecs: [Object.assign(new Mirror(), codec) as Codec] } });

/** A bus both of whose sides echo, each with the codec unless told otherwise. */
async function trial({ hub = [lookingGlass()], worker = [lookingGlass()], limits = {} } = {}) {
  const seen: unknown[] = [];
  const cancelled: unknown[] = [];
  const handlers = [
    handler('echo', ({ payload }) => {
      seen.push(payload);
      return payload;
    }),
    handler('lines', async function* ({ payload }, { signal }) {
      signal.addEventListener('abort', () => cancelled.push(signal.reason.code));
      yield* payload as unknown[];
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }),
  ];
  const bus = await Bus.of({ plugins: hub, handlers, limits }, { id: 'w1', plugins: worker, handlers });
  return { bus, seen, cancelled };
}

/** Fails for a value that holds `bad`. */
const strict = (act: 'encode' | 'decode') => {
  const plain = new Mirror();
  return {
    [act]: (value: never) => {
      const result = plain[act](value);
      if (String(act === 'encode' ? value : result) === 'bad') throw new Error('garbage');
      return result;
    },
  };
};

describe('a contract with a codec', () => {
  noUnhandledRejections();

  it('travels in it by every verb, from either side, with its replies', async () => {
    const { bus, seen } = await trial();
    const [worker] = bus.workers;
    const bytes = new Uint8Array([1, 2]);
    for (const value of [{ a: 1 }, 'ab', null, bytes, undefined]) {
      expect(await bus.settled(bus.hub.request('w1', Echo, value))).to.deep.equal(value);
      expect(await bus.settled(worker?.request(Echo, value) as Promise<unknown>)).to.deep.equal(value);
    }
    seen.length = 0;
    await bus.settled(bus.hub.send('w1', Echo, 'sent'));
    bus.hub.publish('w1', Echo, 'published');
    worker?.publish(Echo, 'up');
    await bus.clock.settle();
    expect(seen).to.have.members(['sent', 'published', 'up']);
    const items: unknown[] = [];
    const stream = bus.hub.stream('w1', Lines, ['ab', bytes]).subscribe((item) => items.push(item));
    await bus.clock.settle();
    expect(items).to.deep.equal(['ab', bytes]);
    stream.unsubscribe();
    await bus.clock.settle();
    await bus.close();
  });

  it('keeps what waits to leave as it was, though the codec writes over its buffer', async () => {
    const { bus, seen } = await trial();
    for (const text of ['first', 'other', 'third']) bus.hub.publish('w1', Echo, text);
    await bus.clock.settle();
    expect(seen).to.deep.equal(['first', 'other', 'third']);
    await bus.close();
  });

  it('does not touch what is named by a plain text: that is JSON both ways', async () => {
    const { bus } = await trial({ worker: [] });
    expect(await bus.settled(bus.hub.request('w1', 'echo', { a: 1 }))).to.deep.equal({ a: 1 });
    const bytes = new Uint8Array([1]);
    expect(await bus.settled(bus.hub.request('w1', 'echo', bytes))).to.deep.equal(bytes);
    await bus.close();
  });

  it('that the sender lacks is refused at once, and nothing leaves', async () => {
    const { bus, seen } = await trial({ hub: [] });
    const error = await rejection(bus.settled(bus.hub.request('w1', Echo, 1)), 'unserialisable');
    expect(error.message).to.include("list a plugin that contributes the codec 'mirror'");
    await rejection(bus.settled(bus.hub.send('w1', Echo, 1)), 'unserialisable');
    expect(() => bus.hub.publish('w1', Echo, 1))
      .to.throw(BusError)
      .that.has.property('code', 'unserialisable');
    let streamed: unknown;
    bus.hub.stream('w1', Lines, []).subscribe({
      error: (error) => {
        streamed = error.code;
      },
    });
    await bus.clock.settle();
    expect([streamed, seen]).to.deep.equal(['unserialisable', []]);
    await bus.close();
  });

  it('that the receiver lacks costs that message alone, and the sender reads why', async () => {
    const { bus, seen } = await trial({ worker: [] });
    const error = await rejection(bus.settled(bus.hub.request('w1', Echo, 1)), 'invalid-payload');
    expect(error.message).to.include("its receiver has no codec 'mirror'");
    expect(bus.workerEvents.filter(({ kind }) => kind === 'fault').map(({ type }) => type)).to.deep.equal([
      'echo',
    ]);
    expect(await bus.settled(bus.hub.request('w1', 'echo', 1))).to.equal(1);
    expect(seen).to.deep.equal([1]);
    await bus.close();
  });

  it('costs a request whose reply cannot be read that request alone', async () => {
    const { bus } = await trial({ hub: [lookingGlass(strict('decode'))] });
    const error = await rejection(bus.settled(bus.hub.request('w1', Echo, 'bad')), 'invalid-payload');
    expect(error.message).to.equal(
      "the reply of 'echo' cannot be read: the codec 'mirror' of plugin 'looking-glass' failed: garbage",
    );
    expect(await bus.settled(bus.hub.request('w1', Echo, 'good'))).to.equal('good');
    await bus.close();
  });

  it('costs a request whose payload or reply fails on the other side that request alone', async () => {
    for (const [act, code] of [
      ['decode', 'invalid-payload'],
      ['encode', 'unserialisable'],
    ] as const) {
      const { bus } = await trial({ worker: [lookingGlass(strict(act))] });
      const error = await rejection(bus.settled(bus.hub.request('w1', Echo, 'bad')), code);
      expect(error.details).to.deep.include({ plugin: 'looking-glass', codec: 'mirror' });
      expect(await bus.settled(bus.hub.request('w1', Echo, 'good'))).to.equal('good');
      await bus.close();
    }
  });

  it('ends a stream at an item that cannot be read, and cancels the handler', async () => {
    const { bus, cancelled } = await trial({ hub: [lookingGlass(strict('decode'))] });
    const items: unknown[] = [];
    bus.hub.stream('w1', Lines, ['good', 'bad', 'good']).subscribe({
      next: (item) => items.push(item),
      error: (error) => items.push(error.code),
    });
    await bus.clock.settle();
    expect([items, cancelled]).to.deep.equal([['good', 'invalid-payload'], ['cancelled']]);
    await bus.close();
  });

  it('is held to the limits by what the codec made of it, not by what JSON would make', async () => {
    const sized = {
      encode: (value: unknown) => new Uint8Array(value === 'long' ? 2_000 : 10),
      decode: () => 1,
    };
    const both = [lookingGlass(sized)];
    const { bus } = await trial({ hub: both, worker: both, limits: { maxPayloadBytes: 1_000 } });
    await rejection(bus.settled(bus.hub.request('w1', Echo, 'long')), 'too-large');
    expect(await bus.settled(bus.hub.request('w1', Echo, 'x'.repeat(5_000)))).to.equal(1);
    await bus.close();
  });
});
