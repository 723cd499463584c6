import { createServer, type Server, type ServerResponse } from 'node:http';
import { isIPv6 } from 'node:net';
import { BusError, type Log } from 'drumline/plugin';

/** Where to listen. */
export interface Place {
  readonly host: string;
  readonly port: number;
}

export interface Serving {
  readonly path: string;
  readonly contentType: string;
  readonly log: Log;
  /** The text of all metrics. */
  render(): Promise<string>;
  /** In milliseconds: for a request to arrive, for the metrics to be collected, for a client to take them. */
  readonly limits?: { readonly requestMs: number; readonly renderMs: number; readonly idleMs: number };
}

/** The time for collecting is longer than Prometheus waits by default. */
const defaultLimits = { requestMs: 5_000, renderMs: 15_000, idleMs: 30_000 };

/** A place from a text like `127.0.0.1:9464` or `[::1]:9464`; undefined for one that is none. */
export function placeOf(text: string): Place | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  return host === undefined || Number(port) > 65_535 ? undefined : { host, port: Number(port) };
}

/** Answers scrapes, and nothing else. A scrape costs at most the time of one rendering, however many ask at once. */
export class MetricsServer {
  readonly #server: Server;
  readonly #limits;
  #rendering: Promise<string> | undefined;

  constructor(private readonly serving: Serving) {
    this.#limits = serving.limits ?? defaultLimits;
    const { requestMs, idleMs } = this.#limits;
    this.#server = createServer(
      {
        headersTimeout: requestMs,
        requestTimeout: requestMs,
        connectionsCheckingInterval: Math.ceil(requestMs / 5),
      },
      ({ method = '', url = '' }, response) => {
        if (url.split('?', 1)[0] !== serving.path)
          return answer(response, 404, `metrics are at ${serving.path}\n`);
        if (method !== 'GET' && method !== 'HEAD')
          return answer(response, 405, 'metrics can only be read\n', { allow: 'GET, HEAD' });
        void this.#answer(response);
      },
    );
    this.#server.maxConnections = 64;
    this.#server.timeout = idleMs;
    // The bus decides how long its process lives.
    this.#server.unref();
  }

  /** Resolves with the address that was bound. Rejects with `unreachable`, saying which option to change. */
  listen({ host, port }: Place): Promise<string> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(notBound(host, port, error)));
      server.listen({ host, port }, () => {
        server.removeAllListeners('error');
        server.on('error', (error) => this.serving.log.error(`the metrics server failed: ${error.message}`));
        const { address, port } = server.address() as { address: string; port: number };
        resolve(isIPv6(address) ? `[${address}]:${port}` : `${address}:${port}`);
      });
    });
  }

  /** Frees the address; connections end at once, whatever they wait for. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #answer(response: ServerResponse): Promise<void> {
    try {
      const text = await this.#rendered();
      answer(response, 200, text, { 'content-type': this.serving.contentType });
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      this.serving.log.error(`the metrics could not be collected: ${why}`, { error: thrown });
      answer(response, 500, 'the metrics could not be collected: the log says why\n');
    }
  }

  /** Joins the rendering that is under way: a collector that never answers then costs memory once, not per scrape. */
  async #rendered(): Promise<string> {
    this.#rendering ??= this.serving.render().finally(() => {
      this.#rendering = undefined;
    });
    const { renderMs } = this.#limits;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${renderMs} ms`)), renderMs);
      timer.unref();
    });
    try {
      return await Promise.race([this.#rendering, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

function answer(
  response: ServerResponse,
  status: number,
  text: string,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    // A scrape now and then gains nothing from a connection that waits, and the stop would have to end it.
    connection: 'close',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}

function notBound(host: string, port: number, error: NodeJS.ErrnoException): BusError {
  const what = error.code === 'EADDRINUSE' ? 'is taken' : `cannot be had (${error.code ?? error.message})`;
  return new BusError(
    'unreachable',
    `the address ${host}:${port} for metrics ${what}: give another one with the option listen, as in ` +
      "metrics({ listen: '127.0.0.1:0' }), or false for no server",
    { cause: error, details: { host, port } },
  );
}
