import { BusError } from '../errors/bus-error.js';
import { abandonAfterMs } from '../handler/answering.js';
import type { PluginHost } from '../plugin/host.js';
import type { Listener } from '../transport/link.js';

export interface LifecycleOptions {
  readonly plugins: PluginHost;
  /** Takes workers. */
  listen(): Promise<Listener>;
  /**
   * Ends every session, and takes nobody any more; resolves when the peers have been told and no handler runs, or past
   * `graceMs`.
   */
  leave(reason: string, graceMs: number): Promise<void>;
  /** Nobody will come again: ends what waits for workers. */
  close(closed: BusError): void;
  /** Handlers that still run are not waited for. */
  abandon(): void;
  /** Nothing happens any more. */
  ended(): void;
}

/** A hub from its start to its end: its plugins, its address, its sessions, in this order and back. */
export class Lifecycle {
  #starting: Promise<string> | undefined;
  #listener: Listener | undefined;
  /** A start that failed takes back what it did. */
  #unwinding: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(private readonly options: LifecycleOptions) {}

  /** Throws `closed` once it is closing. */
  open(): void {
    if (this.#closing) throw closed();
  }

  start(): Promise<string> {
    if (this.#closing) return Promise.reject(closed());
    this.#starting ??= this.#start();
    return this.#starting;
  }

  /** Handlers may run for so long after their signal. */
  close(graceMs = abandonAfterMs): Promise<void> {
    this.#closing ??= this.#close(graceMs);
    return this.#closing;
  }

  async #start(): Promise<string> {
    const { plugins } = this.options;
    if (this.#unwinding) await this.#unwinding;
    try {
      this.open();
      await plugins.start();
      this.open();
      this.#listener = await this.options.listen();
      await plugins.ready();
      this.open();
      return this.#listener.address;
    } catch (thrown) {
      this.#starting = undefined;
      this.#unwinding = this.#unwind();
      await this.#unwinding;
      throw thrown;
    }
  }

  async #close(graceMs: number): Promise<void> {
    this.options.close(closed());
    await this.#leave('the hub closes', graceMs);
    this.options.abandon();
    await this.options.plugins.stop();
    await this.#starting?.catch(() => {});
    await this.#unwinding;
    this.options.ended();
  }

  async #unwind(): Promise<void> {
    await this.#leave('the hub stops: it did not get ready', abandonAfterMs);
    await this.options.plugins.stop();
  }

  /** Sends everybody away, before the plugins that they talk to stop. */
  async #leave(reason: string, graceMs: number): Promise<void> {
    const left = this.options.leave(reason, graceMs);
    await this.#listener?.close();
    await left;
  }
}

const closed = () => new BusError('closed', 'this hub is closed: create a new one');
