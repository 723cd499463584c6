import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { eventually, failure, sleep } from './moment.js';
import { Trial } from './trial.js';

describe('an odd call', () => {
  const trial = Trial.suite({
    handlers: [
      handler('relay', ({ payload }, { from }) => trial.hub.request(from.id, 'relay', payload)),
      handler('deep', ({ payload }, { from }) =>
        (payload as number) > 0 ? trial.hub.request(from.id, 'deep', (payload as number) - 1) : 'bottom',
      ),
    ],
  });
  const joined = () => {
    const worker = trial.made({
      id: 'w1',
      handlers: [
        handler('relay', ({ payload }) => payload),
        handler('deep', ({ payload }) => worker.request('deep', (payload as number) - 1)),
        handler('leave', async () => {
          await worker.close();
          return 'never seen';
        }),
        handler('echo', ({ payload }) => payload),
      ],
    });
    return worker.start().then(() => worker);
  };
  const stillServed = async () => expect(await trial.hub.request('w1', 'echo', 1)).to.equal(1);

  it('that asks back from within a handler does not lock up, though every slot is taken', async () => {
    const worker = await joined();
    const asked = Array.from({ length: 400 }, (_, n) => worker.request('relay', n, { timeoutMs: 5_000 }));
    expect(await Promise.all(asked)).to.deep.equal(Array.from({ length: 400 }, (_, n) => n));
  });

  it('that goes back and forth 20 times comes to its end', async () => {
    const worker = await joined();
    expect(await worker.request('deep', 20, { timeoutMs: 3_000 })).to.equal('bottom');
  });

  it('whose handler closes its own worker ends, and its caller is told', async () => {
    const worker = await joined();
    const error = await failure(trial.hub.request('w1', 'leave', 0));
    expect(error).to.include({ code: 'peer-lost', retryable: true });
    await trial.event('left', 'w1');
    expect(await failure(worker.request('relay', 0))).to.include({ code: 'closed' });
  });

  const oddTypes: unknown[] = [
    undefined,
    null,
    5,
    {},
    { type: 7 },
    'x'.repeat(300),
    'x'.repeat(10 * 1024 * 1024),
    '',
  ];
  for (const type of oddTypes)
    it(`of a type that is none is refused at once: ${String(JSON.stringify(type)).slice(0, 20)}`, async () => {
      const worker = await joined();
      const odd = type as string;
      expect(await failure(trial.hub.request('w1', odd, 0))).to.include({ code: 'invalid-option' });
      expect(await failure(worker.send(odd, 0))).to.include({ code: 'invalid-option' });
      expect(() => trial.hub.publish('w1', odd, 0))
        .to.throw()
        .with.property('code', 'invalid-option');
      await stillServed();
    });

  it('with headers that are too large is refused at once, and the link stays', async () => {
    const worker = await joined();
    const headers = { large: 'x'.repeat(10 * 1024 * 1024) };
    expect(await failure(trial.hub.request('w1', 'echo', 0, { headers }))).to.include({ code: 'too-large' });
    expect(() => worker.publish('relay', 0, { headers }))
      .to.throw()
      .with.property('code', 'too-large');
    await stillServed();
    expect(trial.events('suspect', 'w1')).to.deep.equal([]);
  });

  it('with headers as large as they may be arrives', async () => {
    await joined();
    const headers = Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`h${n}`, 'ü'.repeat(150)]));
    expect(await trial.hub.request('w1', 'echo', 7, { headers })).to.equal(7);
  });

  it('of half a character in payload, header and reply arrives as well as it can', async () => {
    await joined();
    expect(
      await trial.hub.request('w1', 'echo', { a: '\ud800' }, { headers: { h: '\udfff' } }),
    ).to.have.property('a');
    await stillServed();
  });

  it('that tries to pollute prototypes does not', async () => {
    await joined();
    const evil = JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}');
    await trial.hub.request('w1', 'echo', evil, { headers: JSON.parse('{"__proto__":"x"}') });
    expect(({} as Record<string, unknown>).polluted).to.equal(undefined);
  });

  it('on a worker that is not started waits for the start', async () => {
    const worker = trial.made({ id: 'w1', handlers: [] });
    const asked = worker.request('deep', 0, { timeoutMs: 3_000 });
    await sleep(30);
    await worker.start();
    expect(await asked).to.equal('bottom');
    await eventually('it is listed', () => trial.hub.workers.has('w1'));
  });

  it('closes twice, and drains after closing, without harm', async () => {
    const worker = await joined();
    await Promise.all([worker.close(), worker.close()]);
    expect(await failure(worker.drain())).to.include({ code: 'closed' });
    expect(await failure(worker.start())).to.include({ code: 'closed' });
  });
});
