import { createServer, type Server } from 'node:net';
import { expect } from 'chai';
import { virtualClock } from '../../../lib/testing/virtual-clock.js';
import { grpcTransport } from '../../../lib/transport/grpc/grpc-transport.js';
import type { ClientTls, Link, Listener, ServerTls } from '../../../lib/transport/link.js';
import { type Authority, authority, type KeyPair } from '../certificates.js';
import { receive, within, write } from '../exchange.js';

const maxBatchBytes = 65_536;

describe('a link over gRPC that cannot come about', () => {
  let fleet: Authority;
  let hub: KeyPair;
  let listener: Listener | undefined;
  const transport = grpcTransport();

  const listen = async (tls?: ServerTls) => {
    listener = await transport.listen(
      { address: '127.0.0.1:0', maxBatchBytes, ...(tls && { tls }) },
      (link) => {
        receive(link);
      },
    );
    return listener.address;
  };
  const failure = async (address: string, tls?: ClientTls) => {
    const link = transport.dial({ address, maxBatchBytes, ...(tls && { tls }) }, 'attach');
    const error = await within(1000, 'failing', receive(link).ended);
    if (process.env.SHOW) console.log(error?.message);
    expect(error).to.have.property('code', 'unreachable');
    expect(error?.message).to.include(address);
    return error?.message;
  };

  before(async () => {
    fleet = await authority('fleet');
    hub = await fleet.issue('hub.test');
  });
  afterEach(async () => {
    await listener?.close();
    listener = undefined;
  });

  it('says that TLS met a hub without it', async () => {
    expect(await failure(await listen(), { ca: fleet.ca })).to.include('does not speak TLS');
  });

  it('says that a plain worker met a hub with TLS, as far as it can tell', async () => {
    expect(await failure(await listen(hub))).to.include('it may want TLS');
  });

  it('says that the certificate of the hub is not trusted', async () => {
    const { ca } = await authority('strangers');
    expect(await failure(await listen(hub), { ca })).to.include('certificate is not trusted');
  });

  it('says that the certificate of the hub is for another name', async () => {
    const tls = { ca: fleet.ca, serverName: 'other.test' };
    expect(await failure(await listen(hub), tls)).to.include('certificate is for another name');
  });

  it('says that the hub did not accept a worker without a certificate', async () => {
    const address = await listen({ ...hub, ca: fleet.ca });
    expect(await failure(address, { ca: fleet.ca })).to.include('not accept the certificate of this side');
  });

  it('says that the hub did not accept the certificate of a stranger', async () => {
    const address = await listen({ ...hub, ca: fleet.ca });
    const stranger = await (await authority('strangers')).issue('worker.test');
    expect(await failure(address, { ca: fleet.ca, ...stranger })).to.include(
      'not accept the certificate of this side',
    );
  });

  it('says that the host name is not known', async () => {
    // A label over 63 characters is no name, and no name server is asked for it.
    const link = transport.dial({ address: `${'x'.repeat(64)}.invalid:5000`, maxBatchBytes }, 'attach');
    const error = await receive(link).ended;
    expect(error).to.have.property('code', 'unreachable');
    expect(error?.message).to.include('host name is not known');
  });

  for (const address of [
    'foo',
    'foo:',
    ':1',
    '127.0.0.1:70000',
    '127.0.0.1:0',
    '[nonsense]:1',
    'a b:1',
    'unix:/x:1',
  ]) {
    it(`gives 'invalid-option' for the address '${address}'`, async () => {
      const link = transport.dial({ address, maxBatchBytes }, 'attach');
      expect(await receive(link).ended).to.have.property('code', 'invalid-option');
    });
  }

  it("gives 'invalid-option' for certificates that are none", async () => {
    for (const tls of [{ ca: fleet.ca, key: 'x', cert: 'y' }, { key: hub.key }]) {
      const link = transport.dial({ address: '127.0.0.1:1', maxBatchBytes, tls }, 'attach');
      expect(await receive(link).ended).to.have.property('code', 'invalid-option');
    }
  });
});

describe('a link over gRPC to a server that is no hub', () => {
  let server: Server;
  const talk = async (onConnection: (socket: import('node:net').Socket) => void) => {
    server = createServer(onConnection).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    return `127.0.0.1:${(server.address() as { port: number }).port}`;
  };
  afterEach((done) => void server.close(done));

  it('is unreachable when the server hangs up', async () => {
    const address = await talk((socket) => socket.destroy());
    const error = await receive(grpcTransport().dial({ address, maxBatchBytes }, 'attach')).ended;
    expect(error).to.have.property('code', 'unreachable');
  });

  it('is unreachable when the server answers in HTTP/1', async () => {
    const address = await talk((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    const error = await receive(grpcTransport().dial({ address, maxBatchBytes }, 'attach')).ended;
    expect(error).to.have.property('code', 'unreachable');
  });

  it('does not call done before the batch has left', async () => {
    const address = await talk((socket) => socket.on('error', () => {}).resume());
    const link = grpcTransport().dial({ address, maxBatchBytes }, 'attach');
    let done = 0;
    link.write(Buffer.alloc(16_000), () => done++);
    await new Promise((resolve) => server.once('connection', resolve));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(done).to.equal(0);
    link.abort();
  });

  it('does not connect again behind the back of its owner', async () => {
    const address = await talk(() => {});
    const { port } = server.address() as { port: number };
    await new Promise((resolve) => server.close(resolve));
    const error = await receive(grpcTransport().dial({ address, maxBatchBytes }, 'attach')).ended;
    expect(error).to.have.property('code', 'unreachable');
    let connections = 0;
    server = createServer(() => connections++).listen(port, '127.0.0.1');
    // The first backoff of grpc-js is one second, give or take a fifth.
    await new Promise((resolve) => setTimeout(resolve, 1300));
    expect(connections).to.equal(0);
  });

  it('is unreachable when the server is silent for the time that it is given', async () => {
    const clock = virtualClock();
    const address = await talk((socket) => socket.on('error', () => {}).resume());
    const link: Link = grpcTransport({ clock, connectWithinMs: 5000 }).dial(
      { address, maxBatchBytes },
      'attach',
    );
    let ended = false;
    const received = receive(link);
    void received.ended.then(() => {
      ended = true;
    });
    await new Promise((resolve) => server.once('connection', resolve));
    await clock.advance(4999);
    expect(ended).to.equal(false);
    await clock.advance(1);
    const error = await received.ended;
    expect(error).to.have.property('code', 'unreachable');
    expect(error?.message).to.include('no answer within 5000 ms');
    // Left open, the connection would keep the server from closing after this spec.
    await clock.settle();
  });
});

describe('the certificate of a peer over gRPC', () => {
  it('is told on both sides once it is verified', async () => {
    const { ca, issue } = await authority('fleet');
    const [hub, worker] = await Promise.all([issue('hub.test'), issue('worker.test', 'spare.test')]);
    const transport = grpcTransport();
    let accept = (_link: Link) => {};
    const accepted = new Promise<Link>((resolve) => {
      accept = resolve;
    });
    const listener = await transport.listen(
      { address: '127.0.0.1:0', maxBatchBytes, tls: { ...hub, ca } },
      (link) => accept(link),
    );
    const tls = { ca, ...worker, serverName: 'hub.test' };
    const near = transport.dial({ address: listener.address, maxBatchBytes, tls }, 'attach');
    const received = receive(near);
    const far = await accepted;
    await write(far, Buffer.from('hello'));
    await received.count(1);
    expect(far.peer.certificate).to.deep.include({
      commonName: 'worker.test',
      subjectAltNames: ['DNS:worker.test', 'DNS:spare.test', 'IP Address:127.0.0.1'],
    });
    expect(far.peer.certificate?.fingerprint256).to.match(/^[0-9a-f]{64}$/);
    expect(near.peer.certificate).to.have.property('commonName', 'hub.test');
    receive(far);
    await listener.close();
  });

  it('is absent where the worker showed none', async () => {
    const { ca, issue } = await authority('fleet');
    const transport = grpcTransport();
    let accept = (_link: Link) => {};
    const accepted = new Promise<Link>((resolve) => {
      accept = resolve;
    });
    const listener = await transport.listen(
      { address: '127.0.0.1:0', maxBatchBytes, tls: await issue('hub.test') },
      (link) => accept(link),
    );
    receive(transport.dial({ address: listener.address, maxBatchBytes, tls: { ca } }, 'attach'));
    const far = await accepted;
    receive(far);
    expect(far.peer).not.to.have.property('certificate');
    await listener.close();
  });
});
