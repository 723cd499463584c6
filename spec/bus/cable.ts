import { connect, createServer, type Server, type Socket } from 'node:net';
import { type Pace, Pipe } from './pipe.js';

/** The way of bytes, seen from the workers: to the hub, or from it. */
export type Way = 'to hub' | 'to worker';

interface Connection {
  readonly near: Socket;
  readonly far: Socket;
  readonly pipes: Readonly<Record<Way, Pipe>>;
  /** What came first on its way to the hub. */
  said: string;
  /** It passes neither bytes nor ends any more. */
  dead: boolean;
}

/** Whether a connection is one that is meant, by what it first said to the hub. */
export type Fits = (said: string) => boolean;

const every: Fits = () => true;
const saidAtMost = 16 * 1024;

const noise = Buffer.alloc(64, 0xa5);

const ways: readonly Way[] = ['to hub', 'to worker'];

/** A cable between workers and a hub that a spec can pull, or pinch: TCP to TCP on loopback. */
export class Cable {
  address = '';
  /** Connections so far. */
  count = 0;
  readonly #connections = new Set<Connection>();
  readonly #server: Server;
  readonly #held: Record<Way, boolean> = { 'to hub': false, 'to worker': false };
  #pace: Pace | undefined;
  #refusing = false;

  constructor(public target: string) {
    this.#server = createServer((near) => {
      near.on('error', () => {});
      if (this.#refusing) return void near.destroy();
      const [host, port] = this.target.split(':');
      const far = connect(Number(port), host);
      const pipes = { 'to hub': new Pipe(near, far), 'to worker': new Pipe(far, near) };
      const connection: Connection = { near, far, pipes, said: '', dead: false };
      near.on('data', (chunk: Buffer) => {
        if (connection.said.length < saidAtMost) connection.said += chunk.toString('latin1');
      });
      this.count += 1;
      this.#connections.add(connection);
      const end = () => {
        if (connection.dead) return;
        this.#connections.delete(connection);
        for (const way of ways) pipes[way].close();
        near.destroy();
        far.destroy();
      };
      for (const socket of [near, far]) {
        socket.setNoDelay(true);
        socket.on('error', end);
        socket.on('close', end);
      }
      for (const way of ways) {
        if (this.#pace) pipes[way].limit(this.#pace);
        if (this.#held[way]) pipes[way].hold(true);
      }
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.address = `127.0.0.1:${(this.#server.address() as { port: number }).port}`;
    return this.address;
  }

  /** Ends every connection that fits at once, as a broken cable with a reset does. Gives how many there were. */
  cut(fits = every): number {
    const cut = this.#fitting(fits);
    for (const connection of cut) {
      connection.dead = false;
      connection.near.resetAndDestroy();
      connection.far.resetAndDestroy();
    }
    return cut.length;
  }

  /** Connections that fit stay as they are for both sides, and nothing passes any more, not even their end. Later ones pass. */
  deaden(fits = every): number {
    const dead = this.#fitting(fits);
    for (const connection of dead) {
      connection.dead = true;
      for (const way of ways) connection.pipes[way].hold(true);
    }
    return dead.length;
  }

  /** Puts bytes that mean nothing between those that pass that way. */
  garble(way: Way): void {
    for (const { near, far } of this.#connections) (way === 'to hub' ? far : near).write(noise);
  }

  /** While true, connections stay open and nothing passes: either way, or, half open, one of them. */
  stall(stalled: boolean, only?: Way): void {
    for (const way of only === undefined ? ways : [only]) {
      this.#held[way] = stalled;
      for (const { pipes } of this.#connections) pipes[way].hold(stalled);
    }
  }

  /** Each connection passes so many bits a second each way and keeps no more than `bufferBytes` of each; undefined: no limit. */
  throttle(bitsPerSecond: number | undefined, bufferBytes = 64 * 1024): void {
    this.#pace = bitsPerSecond === undefined ? undefined : { bytesPerSecond: bitsPerSecond / 8, bufferBytes };
    for (const { pipes } of this.#connections) for (const way of ways) pipes[way].limit(this.#pace);
  }

  #fitting(fits: Fits): readonly Connection[] {
    return [...this.#connections].filter(({ said, dead }) => !dead && fits(said));
  }

  /** While true, new connections are ended at once. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  async close(): Promise<void> {
    for (const connection of this.#connections) connection.dead = false;
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
