import { connect, createServer, type Server, type Socket } from 'node:net';

/** A cable between workers and a hub that a spec can pull, or pinch: TCP to TCP on loopback. */
export class Cable {
  address = '';
  /** Connections so far. */
  count = 0;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  readonly #server: Server;
  #stalled = false;
  #refusing = false;

  constructor(public target: string) {
    this.#server = createServer((near) => {
      if (this.#refusing) return void near.destroy();
      const [host, port] = this.target.split(':');
      const far = connect(Number(port), host);
      const pair = [near, far] as const;
      this.count += 1;
      this.#pairs.add(pair);
      const end = () => {
        this.#pairs.delete(pair);
        near.destroy();
        far.destroy();
      };
      for (const [from, to] of [pair, [far, near] as const]) {
        from.setNoDelay(true);
        from.on('data', (chunk) => void to.write(chunk));
        from.on('error', end);
        from.on('close', end);
      }
      if (this.#stalled) this.#pause(pair);
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.address = `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
    return this.address;
  }

  /** Ends every connection at once, as a broken cable with a reset does. */
  cut(): void {
    for (const [near, far] of [...this.#pairs]) {
      near.resetAndDestroy();
      far.resetAndDestroy();
    }
  }

  /** While true, connections stay open and nothing passes, either way. */
  stall(stalled: boolean): void {
    this.#stalled = stalled;
    for (const pair of this.#pairs)
      if (stalled) this.#pause(pair);
      else for (const socket of pair) socket.resume();
  }

  /** While true, new connections are ended at once. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pause(pair: readonly [Socket, Socket]): void {
    for (const socket of pair) socket.pause();
  }
}
