import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect } from 'chai';
import { createHub } from '../../lib/index.js';
import { type Authority, authority, type KeyPair } from '../transport/certificates.js';
import { eventually, failure, sleep } from './moment.js';
import { Trial } from './trial.js';

describe('an address', () => {
  const trial = Trial.suite();

  it('that is in use gives the second hub a typed error, and costs the first one nothing', async () => {
    const second = createHub({ listen: trial.address });
    const error = await failure(second.start());
    expect(error).to.include({ code: 'unreachable', retryable: true });
    expect(error.message).to.include(trial.address).and.include('in use');
    await second.close();
    await trial.servesHealthy('during');
  });

  it('that is none gives the hub a typed error', async () => {
    for (const listen of ['nowhere', '127.0.0.1', '127.0.0.1:99999', ':::']) {
      const hub = createHub({ listen });
      expect(await failure(hub.start())).to.include({ code: 'invalid-option' });
      await hub.close();
    }
  });

  it('that is none gives the worker a typed error at once', async () => {
    const error = await failure(trial.made({ hub: 'nowhere' }).start({ timeoutMs: 5_000 }), 2_000);
    expect(error).to.include({ code: 'invalid-option' });
  });

  it('where nothing listens is tried until the timeout, not shorter', async () => {
    const worker = trial.made({ hub: '127.0.0.1:1', id: 'w1' });
    const began = performance.now();
    const error = await failure(worker.start({ timeoutMs: 400 }));
    expect(performance.now() - began).to.be.within(390, 2_000);
    expect(error).to.include({ code: 'unreachable', retryable: true });
    expect(error.message).to.include('127.0.0.1:1').and.include('refused');
    expect(worker.seen.filter(({ kind }) => kind === 'unreachable').length).to.be.above(2);
  });

  it('where the hub comes up later is joined', async () => {
    const later = createHub();
    const address = await later.start();
    await later.close();
    const started = trial.made({ hub: address, id: 'w1' }).start({ timeoutMs: 5_000 });
    await sleep(200);
    const hub = createHub({ listen: address });
    await hub.start();
    trial.later(() => hub.close());
    expect(await started).to.have.property('protocol', 1);
  });

  it('can be started again after a start that failed', async () => {
    const closed = createHub();
    const address = await closed.start();
    await closed.close();
    const worker = trial.made({ hub: address, id: 'w1' });
    expect(await failure(worker.start({ timeoutMs: 150 }))).to.include({ code: 'unreachable' });
    const hub = createHub({ listen: address });
    await hub.start();
    trial.later(() => hub.close());
    await worker.start({ timeoutMs: 2_000 });
  });

  const strangers: Record<string, string | Buffer> = {
    'HTTP/1': 'GET / HTTP/1.1\r\nHost: x\r\n\r\n',
    'a TLS greeting': Buffer.from('16030100a5010000a10303', 'hex'),
    'a line of text': 'hello, is anybody there?\n',
    'an HTTP/2 preface and noise': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\u0000\u00ff'.repeat(100)}`,
    nothing: '',
    'a lot of noise': Buffer.alloc(1024 * 1024, 0xa5),
  };
  for (const [name, bytes] of Object.entries(strangers))
    it(`that hears ${name} costs that connection alone`, async () => {
      const [host, port] = trial.address.split(':');
      const socket = connect(Number(port), host);
      socket.on('error', () => {});
      trial.later(() => socket.destroy());
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(bytes);
      await sleep(50);
      await trial.servesHealthy('during');
      if (name === 'nothing') socket.end();
      await sleep(20);
    });

  it('that hears a whole TLS handshake costs that connection alone', async () => {
    const [host, port] = trial.address.split(':');
    const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false });
    let failed = false;
    socket.on('error', () => {
      failed = true;
    });
    socket.on('close', () => {
      failed = true;
    });
    trial.later(() => socket.destroy());
    await trial.servesHealthy('during');
    await eventually('its end', () => failed, 6_000);
  });
});

describe('TLS', () => {
  let fleet: Authority;
  let own: KeyPair;
  const trial = Trial.suite(
    async () => {
      fleet ??= await authority('fleet');
      own ??= await fleet.issue('hub.test');
      return { listen: { address: '127.0.0.1:0', tls: own } };
    },
    { hubOf: (address) => ({ address, tls: { ca: fleet.ca } }) },
  );

  it('that a plain worker meets ends in a typed error at its timeout', async () => {
    const error = await failure(trial.made({ id: 'w1' }).start({ timeoutMs: 300 }));
    expect(error).to.include({ code: 'unreachable', retryable: true });
    expect(error.message).to.include('TLS');
  });

  it('whose certificate is not trusted ends in a typed error', async () => {
    const { ca } = await authority('strangers');
    const hub = { address: trial.address, tls: { ca } };
    const error = await failure(trial.made({ id: 'w1', hub }).start({ timeoutMs: 300 }));
    expect(error).to.include({ code: 'unreachable' });
    expect(error.message).to.include('not trusted');
  });

  it('that meets a plain hub ends in a typed error', async () => {
    const plain = createHub();
    const address = await plain.start();
    trial.later(() => plain.close());
    const hub = { address, tls: { ca: fleet.ca } };
    const error = await failure(trial.made({ id: 'w1', hub }).start({ timeoutMs: 300 }));
    expect(error).to.include({ code: 'unreachable' });
    expect(error.message).to.include('TLS');
  });
});
