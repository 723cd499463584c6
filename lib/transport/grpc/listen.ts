import { constants, type ServerHttp2Stream } from 'node:http2';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import {
  type ConnectionInjector,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import { BusError, textOf } from '../../errors/bus-error.js';
import type { LinkPeer } from '../../frame/peer.js';
import type { Clock } from '../../time/clock.js';
import type { CallKind, Link, Listener, ListenOptions, ServerTls } from '../link.js';
import { formatAddress, type HostPort, parseAddress } from './address.js';
import { CallLink } from './call-link.js';
import { certificateOf } from './certificate.js';
import { widenWindow } from './flow-window.js';
import { http2StreamOf } from './http2-stream.js';
import { credentialsFrom, pem } from './pem.js';
import { busService } from './service.js';

/** What the transport settles for all of its listeners. */
export interface ListenSettings {
  readonly clock: Clock;
  readonly keepaliveMs: number | undefined;
  /** A connection without a call is closed after this many milliseconds. */
  readonly idleMs: number;
}

/** How long in milliseconds connections and calls may take to end by themselves, after this side has ended them. */
const goodbyeMs = 1000;

/** One connection, and the links that run over it. */
interface Connection {
  readonly socket: Socket;
  readonly links: Set<CallLink>;
}

type Bytes = ServerDuplexStream<Buffer, Buffer>;

/**
 * Listens. The port is the project's own `net.Server`, whose connections are handed to grpc-js: so a taken port is
 * refused and said plainly, and a stuck connection can be destroyed.
 */
export async function listen(
  settings: ListenSettings,
  { address, tls, maxBatchBytes }: ListenOptions,
  accept: (link: Link, kind: CallKind) => void,
): Promise<Listener> {
  const wanted = parseAddress(address, 0);
  const { clock, keepaliveMs, idleMs } = settings;
  const connections = new Map<string, Connection>();

  const server = new Server({
    'grpc.enable_channelz': 0,
    'grpc.max_receive_message_length': maxBatchBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_connection_idle_ms': idleMs,
    ...(keepaliveMs === undefined ? {} : { 'grpc.keepalive_time_ms': keepaliveMs }),
  });
  const serve = (kind: CallKind) => (call: Bytes) => {
    const connection = connections.get(call.getPeer());
    if (connection === undefined) return call.emit('error', { message: 'the connection has ended' });
    return accept(serverLink(clock, call, connection), kind);
  };
  server.addService(busService, { attach: serve('attach'), pulse: serve('pulse') });
  const injector = injectorFor(server, tls);

  const port = createServer((socket) => {
    const key = `${socket.remoteAddress}:${socket.remotePort}`;
    connections.set(key, { socket, links: new Set() });
    socket.on('error', () => {});
    socket.on('close', () => connections.delete(key));
    injector.injectConnection(socket);
  });
  const bound = await bind(port, wanted, address);

  let closed: Promise<void> | undefined;
  return {
    address: bound,
    close() {
      closed ??= new Promise((resolve) => {
        const cancel = clock.after(goodbyeMs, () => {
          for (const { socket } of connections.values()) socket.destroy();
        });
        port.close(() => {
          cancel();
          resolve();
        });
        for (const { links } of connections.values()) for (const link of links) link.close();
        injector.destroy();
      });
      return closed;
    },
  };
}

function serverLink(clock: Clock, call: Bytes, connection: Connection): CallLink {
  const link = new ServerLink(call, clock, connection);
  connection.links.add(link);
  widenWindow(http2StreamOf(call));
  call.on('cancelled', () => link.cancelled());
  call.on('error', () => {});
  // A grpc-js client that resets a call ends it first, in the same packet: the reset shows a turn later.
  call.on('end', () => clock.soon(() => link.followClose()));
  // Tells the other side that it has reached a hub, before there is anything to say.
  call.sendMetadata(new Metadata());
  return link;
}

class ServerLink extends CallLink {
  readonly peer: LinkPeer;

  constructor(
    protected override readonly call: Bytes,
    clock: Clock,
    private readonly connection: Connection,
  ) {
    super(call, clock);
    const { remoteAddress = 'unknown', remotePort = 0 } = connection.socket;
    const address = formatAddress(remoteAddress, remotePort);
    const certificate = certificateOf(call.getAuthContext());
    this.peer = certificate === undefined ? { address } : { address, certificate };
  }

  /** The call ended without a goodbye, or was ended by grpc-js. */
  cancelled(): void {
    const stream = http2StreamOf(this.call);
    if (stream === undefined || wasReset(stream))
      return this.finish(this.#lost('peer-lost', 'broke the link'));
    // This side has said its last. A peer that never ends its own half would keep the stream, and its connection from idling.
    stream.once(
      'close',
      this.clock.after(goodbyeMs, () => stream.close(constants.NGHTTP2_NO_ERROR)),
    );
    // grpc-js ends a call whose bytes it cannot read by itself, without a word to its handler.
    const broken = this.#lost('protocol', 'sent what is no batch, or too large a one');
    this.finish(this.closing ? undefined : broken);
  }

  protected override reset(): void {
    const { links, socket } = this.connection;
    http2StreamOf(this.call)?.close(constants.NGHTTP2_CANCEL);
    // A peer that reads no more would keep the connection and all that waits in it.
    if (links.size === 1) this.clock.soon(() => socket.destroy());
  }

  protected override ended(): void {
    this.connection.links.delete(this);
  }

  #lost(code: 'peer-lost' | 'protocol', what: string): BusError {
    const { address } = this.peer;
    return new BusError(code, `${address} ${what}`, { details: { address } });
  }
}

const wasReset = (stream: ServerHttp2Stream) => stream.aborted || stream.destroyed || !!stream.rstCode;

function injectorFor(server: Server, tls: ServerTls | undefined): ConnectionInjector {
  if (tls === undefined) return server.createConnectionInjector(ServerCredentials.createInsecure());
  return credentialsFrom(tls, () => {
    const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
    return server.createConnectionInjector(
      ServerCredentials.createSsl(pem(tls.ca), [pair], tls.ca !== undefined),
    );
  });
}

function bind(port: NetServer, { host, port: number }: HostPort, address: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // Stays: a server also reports connections that it could not accept.
    port.on('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the address is in use' : textOf(error);
      reject(
        new BusError('unreachable', `cannot listen on ${address}: ${why}`, {
          details: { address },
          cause: error,
        }),
      );
    });
    port.listen({ host, port: number }, () => {
      const bound = port.address();
      resolve(formatAddress(host, typeof bound === 'object' && bound !== null ? bound.port : number));
    });
  });
}
