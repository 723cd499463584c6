import type { Socket } from 'node:net';
import type { ChannelCredentials } from '@grpc/grpc-js';

interface Connector {
  waitForReady?(): Promise<void>;
  connect?(socket: Socket): Promise<unknown>;
}

/** The one who owns what a channel connects. */
export interface SocketOwner {
  /** Whether a connection may still be made. */
  wanted(): boolean;
  /** A TCP connection has been made, and is its owner's to destroy. */
  connected(socket: Socket): void;
}

/**
 * Watches the connections that a channel with these credentials makes. A channel that was closed leaves open for good
 * what never answered, and connects once more when its backoff ends. Changes nothing should the insides of grpc-js
 * change.
 */
export function tapSocket(credentials: ChannelCredentials, owner: SocketOwner): ChannelCredentials {
  const inside = credentials as unknown as { _createSecureConnector?(...args: unknown[]): Connector };
  const create = inside._createSecureConnector;
  if (create === undefined) return credentials;
  inside._createSecureConnector = (...args) => {
    const connector = create.apply(credentials, args);
    const { waitForReady, connect } = connector;
    if (waitForReady === undefined || connect === undefined) return connector;
    connector.waitForReady = async () => {
      if (!owner.wanted()) throw new Error('the link has ended');
      await waitForReady.call(connector);
    };
    connector.connect = (socket) => {
      owner.connected(socket);
      return connect.call(connector, socket);
    };
    return connector;
  };
  return credentials;
}
