import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Passes bytes between a worker and a hub, until it is told not to. */
export class Relay {
  /** Connections so far. */
  accepted = 0;
  #deaf = false;
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;

  private constructor(target: string) {
    const { hostname, port } = new URL(`http://${target}`);
    this.#server = createServer((near) => {
      this.accepted += 1;
      const far = connect(Number(port), hostname);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (bytes) => this.#deaf || to.write(bytes));
        from.on('error', () => {});
        from.on('close', () => to.destroy());
      }
    });
  }

  static async before(target: string): Promise<Relay> {
    const relay = new Relay(target);
    await new Promise<void>((resolve) => relay.#server.listen(0, '127.0.0.1', resolve));
    return relay;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections stay open, and nothing passes any more. */
  swallow(): void {
    this.#deaf = true;
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}
