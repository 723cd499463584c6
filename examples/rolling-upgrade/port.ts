import { createServer } from 'node:net';

/**
 * A port of the loopback that is free now, below those that systems give to outgoing connections: none of those can sit
 * on it while its hub is away.
 */
export async function freePort(tries = 20): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 10_000);
  const free = await new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
  if (free) return port;
  if (tries > 1) return freePort(tries - 1);
  throw new Error('no free port was found');
}
