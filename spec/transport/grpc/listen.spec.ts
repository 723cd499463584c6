import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { expect } from 'chai';
import { grpcTransport } from '../../../lib/transport/grpc/grpc-transport.js';
import type { Link, Listener } from '../../../lib/transport/link.js';
import { authority } from '../certificates.js';
import { type Received, receive, within, write } from '../exchange.js';

const maxBatchBytes = 65_536;
const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
const headers = (path: string) => ({
  ':method': 'POST',
  ':path': path,
  'content-type': 'application/grpc',
  te: 'trailers',
});

const closed = (call: ClientHttp2Stream) => new Promise<void>((resolve) => call.once('close', resolve));

describe('a gRPC listener', () => {
  const transport = grpcTransport();
  let listener: Listener;
  let port: number;
  let accepted: { link: Link; received: Received }[];
  let crashes: unknown[];
  const crash = (error: unknown) => crashes.push(error);

  beforeEach(async () => {
    accepted = [];
    crashes = [];
    process.on('unhandledRejection', crash);
    process.on('uncaughtException', crash);
    listener = await transport.listen({ address: '127.0.0.1:0', maxBatchBytes }, (link) =>
      accepted.push({ link, received: receive(link) }),
    );
    port = Number(listener.address.split(':')[1]);
  });
  afterEach(async () => {
    await within(2000, 'closing', listener.close());
    process.off('unhandledRejection', crash);
    process.off('uncaughtException', crash);
    expect(crashes).to.deep.equal([]);
  });

  const serves = async () => {
    const link = transport.dial({ address: listener.address, maxBatchBytes }, 'attach');
    const received = receive(link);
    await write(link, Buffer.from('here'));
    while (!accepted.some((end) => end.received.batches.some((batch) => batch.equals(Buffer.from('here')))))
      await new Promise((resolve) => setImmediate(resolve));
    link.close();
    expect(await within(1000, 'serving', received.ended)).to.equal(undefined);
  };
  const session = async (use: (session: ClientHttp2Session) => Promise<void>) => {
    const client = connectHttp2(`http://${listener.address}`);
    client.on('error', () => {});
    await use(client);
    client.destroy();
  };

  const garbage: Readonly<Record<string, Buffer>> = {
    'HTTP/1': Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    TLS: Buffer.from('16030100c8010000c40303', 'hex'),
    'random bytes': Buffer.from(Array.from({ length: 4096 }, (_, n) => (n * 7919 + (n >> 3)) & 0xff)),
    'half a preface': Buffer.from(preface.slice(0, 11)),
    'a preface and nonsense': Buffer.concat([Buffer.from(preface), Buffer.alloc(500, 0xa5)]),
    'a preface and a frame of 16 MB': Buffer.concat([
      Buffer.from(preface),
      Buffer.from('ffffff0000000000010101', 'hex'),
    ]),
  };
  for (const [what, bytes] of Object.entries(garbage)) {
    it(`goes on serving others while a connection sends ${what}`, async () => {
      const socket: Socket = connect(port, '127.0.0.1');
      socket.on('error', () => {}).resume();
      await once(socket, 'connect');
      socket.write(bytes);
      await serves();
      socket.destroy();
      await serves();
    });
  }

  it('closes a connection that makes no call', async () => {
    const impatient = await grpcTransport({ idleMs: 50 }).listen(
      { address: '127.0.0.1:0', maxBatchBytes },
      () => {},
    );
    const socket = connect(Number(impatient.address.split(':')[1]), '127.0.0.1').resume();
    socket.write(preface.slice(0, 11));
    await within(1000, 'closing the idle connection', once(socket, 'close'));
    await impatient.close();
  });

  it('answers a call to an unknown method, and survives an odd path', async () => {
    await session(async (client) => {
      const call = client.request(headers('/drumline.v1.Bus/Nothing')).resume();
      const [answer] = await once(call, 'response');
      expect(answer['grpc-status']).to.equal('12');
      for (const path of ['/\u00e9\u00ff', '/%0d%0a', '/drumline.v1.Bus/Attach?x', '*']) {
        const odd = client.request(headers(path)).resume();
        odd.on('error', () => {});
        await closed(odd);
      }
    });
    await serves();
  });

  it('ends only the link whose message cannot be decompressed', async () => {
    await session(async (client) => {
      const call = client
        .request({ ...headers('/drumline.v1.Bus/Attach'), 'grpc-encoding': 'gzip' })
        .resume();
      call.on('error', () => {});
      call.write(Buffer.from('0100000004deadbeef', 'hex'));
      call.write(Buffer.from('0100000004deadbeef', 'hex'));
      await once(call, 'response');
      expect(await accepted[0]?.received.ended).to.have.property('code', 'protocol');
    });
    await serves();
  });

  it('ends only the call whose headers are too large', async () => {
    await session(async (client) => {
      const call = client
        .request({ ...headers('/drumline.v1.Bus/Attach'), huge: 'x'.repeat(200_000) })
        .resume();
      call.on('error', () => {});
      await within(2000, 'refusing', closed(call));
    });
    await serves();
    expect(accepted).to.have.length(1);
  });

  it('breaks with peer-lost when the connection is torn', async () => {
    await session(async (client) => {
      const call = client.request(headers('/drumline.v1.Bus/Attach')).resume();
      call.on('error', () => {});
      await once(call, 'response');
    });
    expect(await accepted[0]?.received.ended).to.have.property('code', 'peer-lost');
  });

  it('lets a peer send 1 MiB before it reads', async () => {
    await session(async (client) => {
      const call = client.request(headers('/drumline.v1.Bus/Attach')).resume();
      call.on('error', () => {});
      await once(call, 'response');
      while (client.remoteSettings.initialWindowSize !== 1024 * 1024) await once(client, 'remoteSettings');
      expect(client.state.remoteWindowSize).to.be.greaterThan(1024 * 1024 - 1);
    });
  });

  it('listens on IPv6 and on all interfaces', async () => {
    for (const [address, shown] of [
      ['[::1]:0', /^\[::1\]:\d+$/],
      ['0.0.0.0:0', /^0\.0\.0\.0:\d+$/],
    ] as const) {
      const other = await transport.listen({ address, maxBatchBytes }, receive);
      expect(other.address).to.match(shown);
      const link = transport.dial({ address: other.address, maxBatchBytes }, 'attach');
      const received = receive(link);
      link.close();
      expect(await received.ended).to.equal(undefined);
      await other.close();
    }
  });

  for (const address of ['foo', '127.0.0.1', '127.0.0.1:70000', ':5', '[::1]', '127.0.0.1:-1']) {
    it(`rejects '${address}' with 'invalid-option'`, async () => {
      const error = await transport.listen({ address, maxBatchBytes }, () => {}).catch((thrown) => thrown);
      expect(error).to.have.property('code', 'invalid-option');
      expect(error.message).to.include(address);
    });
  }

  it("rejects an address that is not this machine's with 'unreachable'", async () => {
    const error = await transport
      .listen({ address: '192.0.2.1:0', maxBatchBytes }, () => {})
      .catch((thrown) => thrown);
    expect(error).to.have.property('code', 'unreachable');
    expect(error.message).to.include('192.0.2.1:0');
  });

  it("rejects certificates that are none with 'invalid-option'", async () => {
    const { ca, issue } = await authority('fleet');
    const [one, other] = await Promise.all([issue('one'), issue('other')]);
    for (const tls of [
      { key: 'x', cert: 'y' },
      { ...one, key: other.key },
      { ...one, ca: `${ca.slice(0, 99)}!` },
    ]) {
      const error = await transport
        .listen({ address: '127.0.0.1:0', maxBatchBytes, tls }, () => {})
        .catch((e) => e);
      expect(error).to.have.property('code', 'invalid-option');
    }
  });

  it('closes within two seconds although a peer does not read', async () => {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(preface);
    socket.pause();
    await within(2000, 'closing', listener.close());
    socket.destroy();
  });
});
