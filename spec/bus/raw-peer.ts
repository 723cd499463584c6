import { Client, type ClientDuplexStream, credentials, Metadata } from '@grpc/grpc-js';
import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame, Hello, Message, Outcome, Refusal, Welcome } from '../../lib/frame/frame.js';
import { features } from '../../lib/handshake/profile.js';
import { eventually } from './moment.js';

const identity = (bytes: Buffer) => bytes;

/** A hello with everything that this version knows. */
export const hello = (worker: string, more: Partial<Hello> = {}): Hello => ({
  kind: 'hello',
  protocolMin: 1,
  protocolMax: 1,
  sdk: '0.1.0',
  version: '1.0.0',
  worker,
  incarnation: `raw-${worker}`,
  labels: {},
  handles: ['echo'],
  features,
  requires: [],
  maxPayloadBytes: 1024 * 1024,
  credit: { messages: 1_000, bytes: 1024 * 1024 },
  extra: {},
  ...more,
});

/** The greeting of a peer that names nothing: the baseline profile. */
export const emptyHello: Hello = {
  kind: 'hello',
  labels: {},
  handles: [],
  features: [],
  requires: [],
  extra: {},
};

export const message = (seq: number, type: string, more: Partial<Message> = {}): Message => ({
  kind: 'message',
  seq,
  type,
  payload: new Uint8Array(0),
  expects: 'reply',
  codec: '',
  timeoutMs: 0,
  attempt: 1,
  id: '',
  ...more,
});

export const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

/** A peer without the SDK: it says whatever a spec wants, over a gRPC call of its own. */
export class RawPeer {
  /** Frames that have come, in order. */
  readonly frames: Frame[] = [];
  ended = false;
  readonly #client: Client;
  readonly #call: ClientDuplexStream<Buffer, Buffer>;

  constructor(address: string, kind: 'Attach' | 'Pulse') {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.enable_retries': 0,
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': -1,
    });
    const path = `/drumline.v1.Bus/${kind}`;
    this.#call = this.#client.makeBidiStreamRequest(path, identity, identity, new Metadata());
    this.#call.on('data', (batch: Buffer) => this.frames.push(...decodeBatch(batch).frames));
    this.#call.on('error', () => {
      this.ended = true;
    });
    this.#call.on('end', () => {
      this.ended = true;
    });
  }

  bytes(batch: Uint8Array): this {
    this.#call.write(Buffer.from(batch));
    return this;
  }

  send(...frames: Frame[]): this {
    return this.bytes(encodeBatch(frames));
  }

  /** Reads nothing from now on. */
  pause(): void {
    this.#call.pause();
  }

  /** Greets, and waits for the welcome. */
  async join(greeting: Hello): Promise<Welcome> {
    return this.send(greeting).next('welcome');
  }

  next<K extends Frame['kind']>(kind: K, fits: (frame: Extract<Frame, { kind: K }>) => boolean = () => true) {
    const isIt = (frame: Frame): frame is Extract<Frame, { kind: K }> =>
      frame.kind === kind && fits(frame as Extract<Frame, { kind: K }>);
    return eventually(`a frame '${kind}' (there came ${this.frames.map((f) => f.kind)})`, () =>
      this.frames.find(isIt),
    );
  }

  /** The refusal; the hub closes the link after it. */
  async refused(): Promise<Refusal> {
    const refusal = await this.next('refusal');
    await this.gone();
    return refusal;
  }

  outcome(re: number): Promise<Outcome> {
    return this.next('outcome', (outcome) => outcome.re === re);
  }

  async gone(): Promise<void> {
    await eventually('the end of the link', () => this.ended);
  }

  close(): void {
    this.#call.cancel();
    this.#client.close();
  }
}
