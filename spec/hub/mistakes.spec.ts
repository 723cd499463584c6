import { expect } from 'chai';
import { BusError } from '../../lib/errors/bus-error.js';
import { all, createHub, createWorker, type HubOptions, type WorkerOptions } from '../../lib/index.js';
import { noUnhandledRejections } from '../handler/rejections.js';
import { Bus, rejection } from './bus.js';

/** The text of the `invalid-option` that something throws. */
function refused(mistake: () => unknown): string {
  try {
    mistake();
  } catch (error) {
    if (BusError.is(error, 'invalid-option')) return error.message;
    throw error;
  }
  return expect.fail('it was taken');
}

describe('A mistake that no compiler has seen', () => {
  noUnhandledRejections();

  for (const [options, text] of [
    [{ listenn: '127.0.0.1:0' }, /^createHub: there is no option 'listenn'; there are listen, version, /],
    [{ listen: 7070 }, /^listen must be 'host:port' or \{ address, tls\?, transport\? \}, not 7070$/],
    [{ listen: { adress: 'x' } }, /^listen must be 'host:port'/],
    [{ listen: { address: '127.0.0.1:0', tsl: {} } }, /^listen: there is no option 'tsl'; there are address/],
    [null, /^createHub takes an object of options, not null$/],
  ] as const) {
    it(`in the options of a hub is told: ${JSON.stringify(options)}`, () => {
      expect(refused(() => createHub(options as unknown as HubOptions))).to.match(text);
    });
  }

  for (const [options, text] of [
    [{ hub: 'x:1', label: {} }, /^createWorker: there is no option 'label'; there are hub, id, /],
    [{ hub: { address: 'x:1', tsl: {} } }, /^hub: there is no option 'tsl'/],
    [undefined, /^createWorker takes an object of options, not undefined$/],
  ] as const) {
    it(`in the options of a worker is told: ${JSON.stringify(options)}`, () => {
      expect(refused(() => createWorker(options as unknown as WorkerOptions))).to.match(text);
    });
  }

  it('in a target is told, and nobody else gets the message', async () => {
    const seen: unknown[] = [];
    const bus = await Bus.of({}, { id: 'w1' });
    bus.workers[0]?.handle('e', ({ payload }) => void seen.push(payload));
    await bus.clock.settle();
    const { hub } = bus;
    for (const target of [hub.workers.get('w1'), {}, undefined, null, 7, all()]) {
      const wrong = target as unknown as string;
      const request = await rejection(hub.request(wrong, 'e', 1), 'invalid-option');
      expect(request.message).to.match(/^the target of a request is a worker's id or any\(\), not /);
      await rejection(hub.send(wrong, 'e', 1), 'invalid-option');
      let streamed: unknown;
      hub.stream(wrong, 'e', 1).subscribe({
        error: (error) => {
          streamed = error;
        },
      });
      expect(BusError.is(streamed, 'invalid-option')).to.equal(true);
      if (target !== undefined && target !== null && 'to' in Object(target)) continue;
      expect(refused(() => hub.publish(wrong, 'e', 1))).to.match(
        /^the target of a publish is a worker's id, any\(\) or all\(\)/,
      );
    }
    expect((await rejection(hub.request(all() as never, 'e', 1), 'invalid-option')).message).to.contain(
      'all(), which is for publish alone',
    );
    await bus.clock.settle();
    expect(seen).to.deep.equal([]);
    await bus.close();
  });

  for (const [options, text] of [
    [
      { timeout: 4 },
      /^a call: there is no option 'timeout'; there are timeoutMs, signal, headers, overflow$/,
    ],
    [{ overflow: 'what' }, /^overflow of a call is 'wait' or 'reject', not what$/],
    [null, /^a call takes an object of options, not null$/],
  ] as const) {
    it(`in the options of a call is told: ${JSON.stringify(options)}`, async () => {
      const bus = await Bus.of({}, { id: 'w1' });
      const { message } = await rejection(bus.hub.request('w1', 'e', 1, options as never), 'invalid-option');
      expect(message).to.match(text);
      const [worker] = bus.workers;
      await rejection(worker?.send('e', 1, options as never) as Promise<void>, 'invalid-option');
      await bus.close();
    });
  }

  for (const [options, text] of [
    [{ header: {} }, /^publish: there is no option 'header'; there are headers, overflow$/],
    [{ overflow: 'wait' }, /^overflow of a publish is 'drop-newest' or 'drop-oldest', not wait$/],
  ] as const) {
    it(`in the options of a publish is told: ${JSON.stringify(options)}`, async () => {
      const bus = await Bus.of({}, { id: 'w1' });
      expect(refused(() => bus.hub.publish('w1', 'e', 1, options as never))).to.match(text);
      expect(refused(() => bus.workers[0]?.publish('e', 1, options as never))).to.match(text);
      await bus.close();
    });
  }

  for (const headers of ['abc', ['a'], new Map([['a', 'b']]), 7]) {
    it(`in headers is told: ${String(headers)}`, async () => {
      const bus = await Bus.of({}, { id: 'w1' });
      const call = bus.hub.request('w1', 'e', 1, { headers: headers as never });
      expect((await rejection(call, 'unserialisable')).message).to.equal(
        "the headers of 'e' must be a plain object of strings",
      );
      await bus.close();
    });
  }

  for (const [tls, text] of [
    [true, /^tls must be an object of certificates, not true$/],
    [
      { key: 'hub.key', cert: 'hub.pem' },
      /^tls has a key that is no PEM: give what is in the file, not its path$/,
    ],
    [{ cert: '-----BEGIN CERTIFICATE-----' }, /^tls has a cert without its key$/],
    [{ ca: 7 }, /^tls has a ca that is no text and no bytes$/],
  ] as const) {
    it(`in certificates is told: ${JSON.stringify(tls)}`, async () => {
      const hub = createHub({ listen: { address: '127.0.0.1:0', tls: tls as never } });
      expect((await rejection(hub.start(), 'invalid-option')).message).to.match(text);
      await hub.close();
    });
  }
});
