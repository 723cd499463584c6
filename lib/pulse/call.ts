// gRPC by hand: the whole library takes twice as long to load, and this thread needs one call of it.
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2';
import { isIP } from 'node:net';
import { checkServerIdentity } from 'node:tls';
import { later } from '../time/background.js';
import type { ClientTls } from '../transport/link.js';

const path = '/drumline.v1.Bus/Pulse';
/** What a hub sends over a pulse is some words. */
const longestMessage = 64 * 1024;
const connectWithinMs = 5_000;

export interface CallEvents {
  /** The hub has taken the call. */
  answered(): void;
  batch(batch: Uint8Array): void;
  /** A sign of life: an answer to a ping, or a batch. */
  heard(): void;
  /** Once, in words, unless it was `abort` that ended it. */
  ended(cause: string): void;
}

/** One pulse call on a connection of its own. */
export class Call {
  readonly #session: ClientHttp2Session;
  readonly #stream: ClientHttp2Stream;
  readonly #events: CallEvents;
  readonly #cancelDeadline: () => void;
  #rest: Buffer = Buffer.alloc(0);
  #writing = false;
  #over = false;

  constructor(address: string, tls: ClientTls | undefined, events: CallEvents) {
    this.#events = events;
    this.#session = connect(
      `${tls === undefined ? 'http' : 'https'}://${address}`,
      tls === undefined ? {} : secure(address, tls),
    );
    // Errors of the connection show here, whatever the call says of them.
    this.#session.on('error', (error) => this.#end(wordsOf(error)));
    this.#session.on('close', () => this.#end('the connection was closed'));
    this.#session.on('goaway', () => this.#end('the hub closes the connection'));
    this.#stream = this.#session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: path,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    this.#stream.on('error', (error) => this.#end(wordsOf(error)));
    this.#stream.on('response', (headers) => this.#answered(headers));
    this.#stream.on('trailers', (trailers) => this.#end(statusOf(trailers)));
    this.#stream.on('data', (bytes: Buffer) => this.#read(bytes));
    this.#stream.on('close', () => this.#end('the hub ended the call'));
    this.#cancelDeadline = later(connectWithinMs, () => this.#end(`no answer within ${connectWithinMs} ms`));
  }

  /** Sends a batch, unless the one before has not left yet: a beat that waits is worth nothing. Says whether it did. */
  write(batch: Uint8Array): boolean {
    if (this.#writing || this.#over) return false;
    this.#writing = true;
    const message = Buffer.alloc(5 + batch.length);
    message.writeUInt32BE(batch.length, 1);
    message.set(batch, 5);
    this.#stream.write(message, () => {
      this.#writing = false;
    });
    return true;
  }

  /** Asks the hub's end of the connection for a sign of life. */
  ping(): void {
    if (this.#over || this.#session.connecting || this.#session.destroyed) return;
    this.#session.ping((error) => {
      if (!error && !this.#over) this.#events.heard();
    });
  }

  /** Ends it at once. */
  abort(): void {
    this.#over = true;
    this.#cancelDeadline();
    this.#stream.close(constants.NGHTTP2_CANCEL);
    // Destroys the call with it, after what resets it has left.
    this.#session.close();
    later(0, () => this.#session.destroy());
  }

  #answered(headers: Readonly<Record<string, unknown>>): void {
    if (this.#over) return;
    this.#cancelDeadline();
    const status = headers[constants.HTTP2_HEADER_STATUS];
    if (status !== 200) return this.#end(`what answers there is no hub (HTTP status ${status})`);
    if ('grpc-status' in headers) return this.#end(statusOf(headers));
    this.#events.answered();
  }

  #read(bytes: Buffer): void {
    if (this.#over) return;
    this.#events.heard();
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (!this.#over && this.#rest.length >= 5) {
      const length = this.#rest.readUInt32BE(1);
      if (this.#rest[0] !== 0 || length > longestMessage) return this.#end('what came is no batch');
      if (this.#rest.length < 5 + length) return;
      const batch = this.#rest.subarray(5, 5 + length);
      this.#rest = this.#rest.subarray(5 + length);
      this.#events.batch(batch);
    }
  }

  #end(cause: string): void {
    if (this.#over) return;
    this.abort();
    this.#events.ended(cause);
  }
}

/** As the main link does it: a name that is an address is not announced, and the certificate is checked all the same. */
function secure(address: string, { serverName, ...pems }: ClientTls) {
  const name = serverName ?? new URL(`https://${address}`).hostname.replace(/^\[|\]$/g, '');
  return {
    ...pemsOf(pems),
    servername: isIP(name) ? '' : name,
    checkServerIdentity: (_announced: string, certificate: Parameters<typeof checkServerIdentity>[1]) =>
      checkServerIdentity(name, certificate),
  };
}

const pemsOf = (pems: Omit<ClientTls, 'serverName'>) =>
  Object.fromEntries(
    Object.entries(pems).map(([part, pem]) => [part, typeof pem === 'string' ? pem : Buffer.from(pem)]),
  );

/** A call that waits for its connection fails with words that say nothing; its cause says what happened. */
const wordsOf = ({ message, cause }: Error): string => (cause instanceof Error ? cause.message : message);

function statusOf(headers: Readonly<Record<string, unknown>>): string {
  const message = headers['grpc-message'];
  const words = typeof message === 'string' ? `: ${message.slice(0, 255)}` : '';
  return `the hub ended the call with status ${headers['grpc-status']}${words}`;
}
