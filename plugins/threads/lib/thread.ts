import { type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import type { Log } from 'drumline/plugin';
import type { FromThread, Greeting, Line, ToThread } from './order.js';
import { unpacked } from './pack.js';

/** Whom a thread works for. */
export interface Client {
  readonly id: number;
  readonly log: Log;
  hear(message: Exclude<FromThread, Line>): void;
  /** The thread has ended; all that it sent has been heard. */
  gone(): void;
}

/** A thread, as its process sees it. */
export class Thread {
  /** Settles when it has ended. */
  readonly ended: Promise<void>;
  /** Undefined until it has ended. */
  exitCode: number | undefined;
  readonly #clients = new Map<number, Client>();
  /** Lines can come later than the result. */
  #last: Pick<Client, 'id' | 'log'> | undefined;
  #port: MessagePort | undefined;
  #lines: Int32Array | undefined;
  #unsent: ToThread[] = [];

  constructor(
    readonly worker: Worker,
    /** Gets the lines that nobody else does. */
    private readonly log: Log,
  ) {
    this.ended = new Promise((resolve) => {
      worker.once('exit', (code) => {
        this.exitCode = code;
        this.#drain();
        for (const client of [...this.#clients.values()]) client.gone();
        resolve();
      });
    });
  }

  greet({ port, lines }: Greeting): void {
    this.#port = port;
    this.#lines = lines;
    port.on('message', (message: FromThread) => this.#hear(message));
    port.unref();
    for (const message of this.#unsent) port.postMessage(message);
    this.#unsent = [];
  }

  /** Kept until the thread has greeted. */
  post(message: ToThread): void {
    if (this.#port === undefined) this.#unsent.push(message);
    else this.#port.postMessage(message);
  }

  add(client: Client): void {
    this.#clients.set(client.id, client);
  }

  delete({ id, log }: Client): void {
    this.#clients.delete(id);
    this.#last = { id, log };
  }

  #hear(message: FromThread): void {
    const client = this.#clients.get(message.task);
    if (message.kind !== 'line') return client?.hear(message);
    if (this.#lines !== undefined) Atomics.sub(this.#lines, 0, 1);
    const { level, text, details } = message;
    const log = client?.log ?? (this.#last?.id === message.task ? this.#last.log : this.log);
    if (details === undefined) log[level](text);
    else log[level](text, unpacked(details) as object);
  }

  /** What it sent before it ended may still wait here. */
  #drain(): void {
    if (this.#port === undefined) return;
    for (let next = receiveMessageOnPort(this.#port); next; next = receiveMessageOnPort(this.#port))
      this.#hear(next.message);
    this.#port.close();
  }
}
