import { createServer } from 'node:net';

/** Below the ports that systems give to outgoing connections, so that none of those can sit on it while the hub is away. */
const lowest = 20_000;
const highest = 29_999;

/** A port of the loopback that is free now. */
export async function freePort(tries = 20): Promise<number> {
  const port = lowest + Math.floor(Math.random() * (highest - lowest + 1));
  if (await isFree(port)) return port;
  if (tries > 1) return freePort(tries - 1);
  throw new Error(`no free port was found between ${lowest} and ${highest}`);
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
