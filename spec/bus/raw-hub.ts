import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame, Welcome } from '../../lib/frame/frame.js';
import { beat } from './trial.js';

type Bytes = ServerDuplexStream<Buffer, Buffer>;
const identity = (bytes: Buffer) => bytes;
const method = {
  path: '/drumline.v1.Bus/Attach',
  requestStream: true,
  responseStream: true,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
} as const;

export const welcome = (more: Partial<Welcome> = {}): Welcome => ({
  kind: 'welcome',
  protocol: 1,
  sdk: '0.1.0',
  worker: 'w1',
  epoch: '1.raw',
  features: ['credit', 'resume', 'streams'],
  reasons: [],
  beat,
  maxPayloadBytes: 1024 * 1024,
  resumeToken: 'raw',
  credit: { messages: 1_000, bytes: 1024 * 1024 },
  handles: [],
  labels: {},
  ...more,
});

/** A hub without the SDK: it answers each link as a spec wants. */
export class RawHub {
  address = '';
  /** Frames that have come, over all links. */
  readonly frames: Frame[] = [];
  /** Links so far. */
  links = 0;
  readonly #server = new Server();

  constructor(answer: (send: (batch: Frame[] | Uint8Array) => void, link: number, end: () => void) => void) {
    this.#server.addService({ attach: method } as never, {
      attach: (call: Bytes) => {
        this.links += 1;
        call.on('error', () => {});
        call.on('end', () => call.end());
        call.on('data', (batch: Buffer) => this.frames.push(...decodeBatch(batch).frames));
        call.once('data', () =>
          answer(
            (batch) => call.write(Array.isArray(batch) ? encodeBatch(batch) : Buffer.from(batch)),
            this.links,
            () => call.end(),
          ),
        );
      },
    });
  }

  async start(): Promise<this> {
    const port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    this.address = `127.0.0.1:${port}`;
    return this;
  }

  close(): void {
    this.#server.forceShutdown();
  }
}
