import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { ChannelCredentials, Client, Metadata, type ServiceError } from '@grpc/grpc-js';
import { BusError } from '../../errors/bus-error.js';
import type { LinkPeer } from '../../frame/peer.js';
import type { Clock } from '../../time/clock.js';
import { deadLink } from '../dead-link.js';
import type { CallKind, ClientTls, DialOptions, Link } from '../link.js';
import { formatAddress, parseAddress } from './address.js';
import { type Call, CallLink } from './call-link.js';
import { certificateOf } from './certificate.js';
import { broken, unreachable } from './dial-failure.js';
import { credentialsFrom, pem } from './pem.js';
import { busService, windowBytes } from './service.js';
import { type SocketOwner, tapSocket } from './socket-tap.js';

/** What the transport settles for all of its links. */
export interface DialSettings {
  readonly clock: Clock;
  /** `undefined` for no keepalive. */
  readonly keepaliveMs: number | undefined;
  readonly connectWithinMs: number;
}

/** Opens a call on a channel of its own. The link owns the channel and closes it when it ends, whatever the cause. */
export function dial(settings: DialSettings, options: DialOptions, kind: CallKind): Link {
  try {
    return open(settings, options, kind);
  } catch (error) {
    // An option that makes no sense shows where every other failure to connect shows.
    return deadLink(options.address, error as Error);
  }
}

function open(
  { clock, keepaliveMs, connectWithinMs }: DialSettings,
  options: DialOptions,
  kind: CallKind,
): Link {
  const { address, tls, maxBatchBytes } = options;
  const { host, port } = parseAddress(address, 1);
  const name = tls?.serverName ?? host;
  let over = false;
  let destroy = () => {};
  const owner: SocketOwner = {
    wanted: () => !over,
    connected(socket) {
      destroy = () => void socket.destroy();
      if (over) destroy();
    },
  };
  // TLS allows no address as the name that it announces; the certificate is checked against the address all the same.
  const client = new Client(`dns:${formatAddress(host, port)}`, tapSocket(credentials(tls, name), owner), {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.enable_retries': 0,
    // Even without retries grpc-js calls a write done once it has copied it into a retry buffer of this size.
    'grpc.per_rpc_retry_buffer_size': 0,
    'grpc.enable_http_proxy': 0,
    'grpc.enable_channelz': 0,
    'grpc.service_config_disable_resolution': 1,
    'grpc.max_receive_message_length': maxBatchBytes,
    'grpc.max_send_message_length': -1,
    'grpc-node.flow_control_window': windowBytes,
    ...(keepaliveMs === undefined ? {} : { 'grpc.keepalive_time_ms': keepaliveMs }),
    ...(tls === undefined ? {} : { 'grpc.ssl_target_name_override': isIP(name) ? 'address.invalid' : name }),
  });
  const { path, requestSerialize, responseDeserialize } = busService[kind];
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, new Metadata());

  let answered = false;
  const cancelDeadline = clock.after(connectWithinMs, () => {
    const text = `cannot reach ${address}: no answer within ${connectWithinMs} ms`;
    link.finish(new BusError('unreachable', text, { details: { address } }));
    call.cancel();
  });
  const link = new DialledLink(call, clock, { address }, () => {
    cancelDeadline();
    over = true;
    client.close();
    // A turn later, so that the other side hears a reset if it can hear anything.
    clock.soon(() => destroy());
  });

  call.on('metadata', () => {
    answered = true;
    cancelDeadline();
    const certificate = certificateOf(call.getAuthContext());
    if (certificate !== undefined) link.peer = { address, certificate };
  });
  call.on('error', (error: ServiceError) => {
    link.finish(answered ? broken(address, error) : unreachable(address, error, tls !== undefined));
  });
  call.on('end', () => link.finish());
  return link;
}

class DialledLink extends CallLink {
  constructor(
    protected override readonly call: Call & { cancel(): void },
    clock: Clock,
    public peer: LinkPeer,
    protected override readonly ended: () => void,
  ) {
    super(call, clock);
  }

  protected override reset(): void {
    this.call.cancel();
  }
}

function credentials(tls: ClientTls | undefined, name: string): ChannelCredentials {
  if (tls === undefined) return ChannelCredentials.createInsecure();
  return credentialsFrom(tls, () =>
    ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert), {
      checkServerIdentity: (_announced, certificate) => checkServerIdentity(name, certificate),
    }),
  );
}
