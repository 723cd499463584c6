import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import {
  createHub,
  createWorker,
  type Hub,
  type HubOptions,
  type Log,
  type Plugin,
  type Worker,
  type WorkerOptions,
} from 'drumline';
import { type MetricsOptions, type MetricsPlugin, metrics } from '../lib/index.js';

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** A hub and workers over gRPC on loopback, each with metrics on a free port. Ends what it began. */
export class Fleet implements AsyncDisposable {
  readonly #ends: (() => unknown)[] = [];

  async hub(
    options: HubOptions = {},
    measure: MetricsOptions | MetricsPlugin = {},
  ): Promise<{ hub: Hub; plugin: MetricsPlugin; address: string }> {
    const plugin = 'manifest' in measure ? measure : metrics({ listen: '127.0.0.1:0', ...measure });
    const hub = createHub({
      log: quiet,
      version: '2.1.0',
      beat: { intervalMs: 50, suspectAfterMs: 300, lostAfterMs: 600 },
      ...options,
      plugins: [plugin, ...(options.plugins ?? [])],
    });
    this.#ends.unshift(() => hub.close());
    return { hub, plugin, address: await hub.start() };
  }

  /** Not started yet. */
  worker(options: WorkerOptions, ...more: readonly Plugin[]): { worker: Worker; plugin: MetricsPlugin } {
    const plugin = metrics({ listen: '127.0.0.1:0' });
    const worker = createWorker({
      log: quiet,
      version: '2.1.0',
      reconnect: { initialMs: 20, maxMs: 50 },
      ...options,
      plugins: [plugin, ...more],
    });
    this.#ends.unshift(() => worker.close());
    return { worker, plugin };
  }

  /** A way to the hub that can be cut. */
  async cable(target: string): Promise<Cable> {
    const cable = await Cable.to(target);
    this.#ends.push(() => cable.close());
    return cable;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) await end();
  }
}

/** TCP to TCP on loopback. */
export class Cable {
  address = '';
  readonly #sockets = new Set<Socket>();
  readonly #server;
  #refusing = false;

  private constructor(target: string) {
    const [host, port] = target.split(':');
    this.#server = createServer((near) => {
      if (this.#refusing) return void near.destroy();
      const far = connect(Number(port), host);
      const end = () => {
        near.destroy();
        far.destroy();
      };
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', end).on('close', () => {
          this.#sockets.delete(socket);
          end();
        });
      }
      near.pipe(far).pipe(near);
    });
  }

  static async to(target: string): Promise<Cable> {
    const cable = new Cable(target);
    await new Promise<void>((resolve) => cable.#server.listen(0, '127.0.0.1', resolve));
    cable.address = `127.0.0.1:${(cable.#server.address() as AddressInfo).port}`;
    return cable;
  }

  /** Ends every connection with a reset. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** While true, nobody gets through. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
    if (refusing) this.cut();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }
}

/** Resolves once `holds` is true; looks every few milliseconds. Rejects after 5 s, saying what it waited for. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const began = performance.now(); !(await holds()); ) {
    if (performance.now() - began > 5_000) throw new Error(`it never came to this: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
