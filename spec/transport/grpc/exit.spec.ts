import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect } from 'chai';
import { within } from '../exchange.js';

const transport = new URL('../../../lib/transport/grpc/grpc-transport.js', import.meta.url).href;

/** Runs a program in a process of its own and gives its exit code, once it has ended by itself. */
async function run(program: string): Promise<unknown> {
  const source = `import { grpcTransport } from ${JSON.stringify(transport)};
    import { createServer } from 'node:net';
    const bus = grpcTransport();
    const maxBatchBytes = 1000;
    const ended = (link) => new Promise((resolve) => link.batches$.subscribe({ error: resolve, complete: resolve }));
    ${program}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  try {
    const [code] = await within(4000, 'ending', once(child, 'exit'));
    return code;
  } finally {
    child.kill('SIGKILL');
  }
}

describe('a process with links over gRPC', () => {
  it('ends by itself once link and listener are closed', async () => {
    expect(
      await run(`
        const listener = await bus.listen({ address: '127.0.0.1:0', maxBatchBytes }, (link) => ended(link));
        const link = bus.dial({ address: listener.address, maxBatchBytes }, 'attach');
        await new Promise((done) => link.write(Buffer.from('x'), done));
        link.close();
        await ended(link);
        await listener.close();`),
    ).to.equal(0);
  });

  it('ends by itself after links that were aborted or found nobody', async () => {
    expect(
      await run(`
        const silent = createServer(() => {}).listen(0, '127.0.0.1');
        await new Promise((resolve) => silent.once('listening', resolve));
        silent.unref();
        await ended(bus.dial({ address: '127.0.0.1:1', maxBatchBytes }, 'attach'));
        const link = bus.dial({ address: '127.0.0.1:' + silent.address().port, maxBatchBytes }, 'attach');
        const over = ended(link);
        setTimeout(() => link.abort(), 50);
        await over;
        silent.close();`),
    ).to.equal(0);
  });
});
