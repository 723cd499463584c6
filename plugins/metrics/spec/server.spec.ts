import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { expect } from 'chai';
import { BusError } from 'drumline/plugin';
import { Gauge } from 'prom-client';
import type { MetricsOptions } from '../lib/index.js';
import { MetricsServer } from '../lib/server.js';
import { Measured } from './measured.js';
import { ask, scrape } from './scrape.js';

/** Sends some bytes on a connection of its own; resolves with what came back once the other side has ended it. */
function open(address: string | undefined, bytes: string): Promise<string> {
  const [host, port] = String(address).split(':');
  const socket = connect(Number(port), host);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  if (bytes !== '') socket.write(bytes);
  return new Promise((resolve) => socket.on('close', () => resolve(text)));
}

describe('the metrics server', () => {
  const started: Measured[] = [];
  const start = async (options: MetricsOptions = {}) => {
    const measured = new Measured({ listen: '127.0.0.1:0', ...options });
    await measured.start();
    started.push(measured);
    return measured;
  };
  afterEach(async () => {
    for (const measured of started.splice(0)) await measured.stop();
  });

  it('answers GET with the metrics as text', async () => {
    const { plugin } = await start();
    const { status, headers, text } = await ask(plugin.address(), '/metrics?name=x');
    expect(status).to.equal(200);
    expect(headers['content-type']).to.equal('text/plain; version=0.0.4; charset=utf-8');
    expect(text).to.include('# TYPE drumline_handler_seconds histogram');
  });

  it('answers HEAD without the text', async () => {
    const { plugin } = await start();
    const { status, headers, text } = await ask(plugin.address(), '/metrics', 'HEAD');
    expect([status, text]).to.deep.equal([200, '']);
    expect(Number(headers['content-length'])).to.be.above(1_000);
  });

  it('knows one path, and only to read', async () => {
    const { plugin } = await start({ path: '/internal/metrics' });
    for (const path of ['/', '/metrics', '/internal/metrics/', '//internal/metrics', '/internal/metrics%20'])
      expect((await ask(plugin.address(), path)).status, path).to.equal(404);
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask(plugin.address(), '/internal/metrics', method);
      expect([status, headers.allow], method).to.deep.equal([405, 'GET, HEAD']);
    }
    expect((await ask(plugin.address(), '/internal/metrics')).status).to.equal(200);
  });

  it('listens on ::1, and says so in brackets', async () => {
    const { plugin } = await start({ listen: '[::1]:0' });
    expect(plugin.address()).to.match(/^\[::1\]:\d+$/);
    expect((await scrape(plugin)).size).to.be.above(10);
  });

  it('says which option to change when the address is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const measured = new Measured({ listen: `127.0.0.1:${port}` });
    const error = await measured.start().then(
      () => expect.fail('it started'),
      (thrown) => thrown,
    );
    taken.close();
    await once(taken, 'close');
    expect(BusError.is(error, 'unreachable')).to.equal(true);
    expect(error.message).to.match(
      new RegExp(`^the address 127.0.0.1:${port} for metrics is taken: .* option listen`),
    );
    await measured.start();
    expect((await scrape(measured.plugin)).size).to.be.above(10);
    await measured.stop();
  });

  it('answers 500 while something cannot be collected, logs why, and recovers', async () => {
    const measured = await start();
    let broken = true;
    new Gauge({
      name: 'flaky',
      help: 'Flaky.',
      registers: [measured.plugin.registry],
      collect() {
        if (broken) throw new Error('the sensor is gone');
        this.set(1);
      },
    });
    const { status, text } = await ask(measured.plugin.address());
    expect(status).to.equal(500);
    expect(text).to.not.include('sensor');
    expect(measured.logged.join()).to.include('the sensor is gone');
    broken = false;
    expect((await scrape(measured.plugin)).has('flaky')).to.equal(true);
  });

  it('answers 500 when the numbers of the bus cannot be had', async () => {
    const measured = await start();
    measured.stats = () => {
      throw new Error('no numbers');
    };
    expect((await ask(measured.plugin.address())).status).to.equal(500);
    expect(measured.logged.join()).to.include('no numbers');
  });

  it('collects once for all who ask at the same time', async () => {
    const measured = await start();
    let collected = 0;
    let go: () => void = () => {};
    const gate = new Promise<void>((resolve) => (go = resolve));
    new Gauge({
      name: 'slow',
      help: 'Slow.',
      registers: [measured.plugin.registry],
      async collect() {
        collected += 1;
        await gate;
        this.set(1);
      },
    });
    const asked = Array.from({ length: 10 }, () => ask(measured.plugin.address()));
    await new Promise((resolve) => setTimeout(resolve, 100));
    go();
    expect((await Promise.all(asked)).map(({ status }) => status)).to.deep.equal(Array(10).fill(200));
    expect(collected).to.equal(1);
  });

  it('stops at once, whatever its connections do', async () => {
    const measured = await start();
    const address = measured.plugin.address();
    new Gauge({
      name: 'hanging',
      help: 'Hanging.',
      registers: [measured.plugin.registry],
      collect: () => new Promise<void>(() => {}),
    });
    const waiting = ask(address).catch((error) => error.code);
    const silent = open(address, '');
    const half = open(address, 'GET /metrics HTTP/1.1\r\nHost: x\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const began = performance.now();
    await measured.stop();
    await Promise.all([silent, half]);
    expect(performance.now() - began).to.be.below(3_000);
    expect(await waiting).to.equal('ECONNRESET');
    expect(await ask(address).catch((error) => error.code)).to.equal('ECONNREFUSED');
  });

  it('closes each connection after its answer', async () => {
    const { plugin } = await start();
    const began = performance.now();
    const text = await open(plugin.address(), 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(text).to.match(/^HTTP\/1.1 200 OK\r\n/);
    expect(performance.now() - began).to.be.below(3_000);
  });

  describe('with short limits', () => {
    const limits = { requestMs: 100, renderMs: 100, idleMs: 30_000 };
    const serve = async (render: () => Promise<string>, idleMs = limits.idleMs) => {
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const server = new MetricsServer({
        path: '/metrics',
        contentType: 'text/plain',
        log,
        render,
        limits: { ...limits, idleMs },
      });
      return { server, address: await server.listen({ host: '127.0.0.1', port: 0 }) };
    };

    it('ends connections that send no request, or not all of it', async () => {
      const { server, address } = await serve(async () => '');
      const [silent, half] = await Promise.all([
        open(address, ''),
        open(address, 'GET /metrics HTTP/1.1\r\nHo'),
      ]);
      expect([silent, half].filter((text) => /^HTTP\/1.1 [23]/.test(text))).to.deep.equal([]);
      await server.close();
    });

    it('gives up on a collector that never answers, and asks it once for all', async () => {
      let asked = 0;
      const { server, address } = await serve(() => {
        asked += 1;
        return new Promise(() => {});
      });
      const answers = [await ask(address), ...(await Promise.all([ask(address), ask(address)]))];
      expect(answers.map(({ status }) => status)).to.deep.equal([500, 500, 500]);
      expect(asked).to.equal(1);
      await server.close();
    });

    it('ends a connection whose client does not take the answer', async () => {
      const { server, address } = await serve(async () => 'x'.repeat(50_000_000), 100);
      const [host, port] = address.split(':');
      const socket = connect(Number(port), host);
      socket.on('error', () => {});
      socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
      socket.pause();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      let received = 0;
      socket.on('data', ({ length }) => {
        received += length;
      });
      socket.resume();
      await once(socket, 'close');
      expect(received).to.be.below(50_000_000);
      await server.close();
    });
  });

  it('starts again after it was stopped, and counts on', async () => {
    const measured = await start();
    measured.observe({ kind: 'lagged', afterMs: 1_500 });
    await measured.stop();
    expect(measured.plugin.address()).to.equal(undefined);
    await measured.start();
    measured.observe({ kind: 'lagged', afterMs: 500 });
    const { text } = await ask(measured.plugin.address());
    expect(text).to.match(/^drumline_lagged_seconds_total\{role="worker",id="w1"\} 2$/m);
  });

  it('refuses a second start: one plugin counts for one process', async () => {
    const measured = await start();
    const error = await measured.start().catch((thrown) => thrown);
    expect(error.message).to.include('call metrics() once for each');
    expect((await scrape(measured.plugin)).size).to.be.above(10);
  });

  it('holds no process alive, before it is stopped or after', () => {
    const code = `
      import { metrics } from ${JSON.stringify(new URL('../lib/index.js', import.meta.url).href)};
      const plugin = metrics({ listen: '127.0.0.1:0', defaultMetrics: true });
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      await plugin.start({ role: 'hub', log, stats: () => undefined });
      if (process.argv[1] === 'stop') await plugin.stop();
    `;
    for (const how of ['stop', 'leave']) {
      const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code, how], {
        encoding: 'utf8',
        timeout: 8_000,
      });
      expect([status, stderr]).to.deep.equal([0, '']);
    }
  });
});
