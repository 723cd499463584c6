import type { ServerHttp2Stream } from 'node:http2';
import { windowBytes } from './service.js';

/**
 * Widens what a server lets its peer send unread, which grpc-js has an option for on clients only. Without it a call
 * has HTTP/2's 65,535 bytes: slower, and nothing else changes.
 */
export function widenWindow(stream: ServerHttp2Stream | undefined): void {
  const session = stream?.session;
  if (session === undefined || session.destroyed) return;
  try {
    session.settings({ initialWindowSize: windowBytes });
    session.setLocalWindowSize(windowBytes);
  } catch {
    // The connection is ending; its calls will say so.
  }
}
