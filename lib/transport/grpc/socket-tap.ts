import type { Socket } from 'node:net';
import type { ChannelCredentials } from '@grpc/grpc-js';

interface Connector {
  connect?(socket: Socket): Promise<unknown>;
}

/**
 * Shows the TCP connection that a channel with these credentials makes. Closing a channel leaves one that never
 * answered open for good, so its owner must be able to destroy it. Does nothing should the insides of grpc-js change.
 */
export function tapSocket(
  credentials: ChannelCredentials,
  connected: (socket: Socket) => void,
): ChannelCredentials {
  const inside = credentials as unknown as { _createSecureConnector?(...args: unknown[]): Connector };
  const create = inside._createSecureConnector;
  if (create === undefined) return credentials;
  inside._createSecureConnector = (...args) => {
    const connector = create.apply(credentials, args);
    const connect = connector.connect;
    if (connect === undefined) return connector;
    connector.connect = (socket) => {
      connected(socket);
      return connect.call(connector, socket);
    };
    return connector;
  };
  return credentials;
}
