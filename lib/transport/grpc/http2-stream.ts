import type { ServerHttp2Stream } from 'node:http2';
import type { ServerDuplexStream } from '@grpc/grpc-js';

/**
 * The HTTP/2 stream behind a call of the server. grpc-js keeps it private, and only through it can a server reset one
 * call, widen its windows, or learn why grpc-js ended the call; `undefined` should its insides ever change.
 */
export function http2StreamOf(call: ServerDuplexStream<Buffer, Buffer>): ServerHttp2Stream | undefined {
  const stream = (call as { call?: { stream?: Partial<ServerHttp2Stream> } }).call?.stream;
  return typeof stream?.close === 'function' ? (stream as ServerHttp2Stream) : undefined;
}
