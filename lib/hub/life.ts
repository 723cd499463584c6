import { BusError } from '../errors/bus-error.js';
import type { PluginHost } from '../plugin/host.js';
import type { Listener } from '../transport/link.js';

export interface LifeOptions {
  readonly plugins: PluginHost;
  listen(): Promise<Listener>;
  /** Ends every session and call; resolves when the peers have been told. */
  leave(closed: BusError): Promise<void>;
  /** Nothing happens any more. */
  ended(): void;
}

/** A hub from its start to its end: its plugins, its address, its sessions, in this order and back. */
export class Life {
  #starting: Promise<string> | undefined;
  #listener: Listener | undefined;
  #closing: Promise<void> | undefined;

  constructor(private readonly options: LifeOptions) {}

  /** Throws `closed` once it is closing. */
  open(): void {
    if (this.#closing) throw closed();
  }

  start(): Promise<string> {
    if (this.#closing) return Promise.reject(closed());
    this.#starting ??= this.#start();
    return this.#starting;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #start(): Promise<string> {
    const { plugins } = this.options;
    try {
      await plugins.start();
      this.open();
      this.#listener = await this.options.listen();
      await plugins.ready();
      this.open();
      return this.#listener.address;
    } catch (thrown) {
      this.#starting = undefined;
      await this.#listener?.close();
      await plugins.stop();
      throw thrown;
    }
  }

  async #close(): Promise<void> {
    const left = this.options.leave(closed());
    const silent = this.#listener?.close();
    await left;
    await silent;
    await this.options.plugins.stop();
    await this.#starting?.catch(() => {});
    await this.#listener?.close();
    this.options.ended();
  }
}

const closed = () => new BusError('closed', 'this hub is closed: create a new one');
