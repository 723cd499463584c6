import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Call } from '../../lib/pulse/call.js';
import { eventually, sleep } from '../bus/moment.js';

const answer = { ':status': 200, 'content-type': 'application/grpc' };
const framed = (text: string, flag = 0, length = text.length): Buffer => {
  const head = Buffer.from([flag, 0, 0, 0, 0]);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, Buffer.from(text)]);
};

describe('a pulse call', () => {
  let server: Http2Server | undefined;
  let call: Call | undefined;
  const seen = { answered: 0, heard: 0, batches: [] as string[], ended: [] as string[] };

  /** Dials a server that is the spec. */
  async function dial(
    serve: (stream: ServerHttp2Stream, headers: object) => void,
    settings = {},
  ): Promise<Call> {
    Object.assign(seen, { answered: 0, heard: 0, batches: [], ended: [] });
    server = createServer({ settings });
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      serve(stream, headers);
    });
    server.on('sessionError', () => {});
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    call = new Call(`127.0.0.1:${port}`, undefined, {
      answered: () => {
        seen.answered += 1;
      },
      heard: () => {
        seen.heard += 1;
      },
      batch: (batch) => seen.batches.push(Buffer.from(batch).toString()),
      ended: (cause) => seen.ended.push(cause),
    });
    return call;
  }
  const ended = () => eventually('an end', () => seen.ended[0]);

  afterEach(async () => {
    call?.abort();
    await new Promise((resolve) => server?.close(resolve));
  });

  it('is the call of the wire, in the framing of gRPC', async () => {
    let headers = {};
    const received: Buffer[] = [];
    const own = await dial((stream, had) => {
      headers = had;
      stream.respond(answer);
      stream.on('data', (bytes: Buffer) => received.push(bytes));
    });
    expect(own.write(Buffer.from('beat'))).to.equal(true);
    await eventually('a message', () => received.length > 0);
    expect(Buffer.concat(received)).to.deep.equal(framed('beat'));
    expect(headers).to.include({
      ':method': 'POST',
      ':path': '/drumline.v1.Bus/Pulse',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    await eventually('an answer', () => seen.answered === 1);
    own.ping();
    await eventually('an answer to the ping', () => seen.heard === 1);
  });

  it('reads batches however they are cut', async () => {
    await dial(async (stream) => {
      stream.respond(answer);
      const bytes = Buffer.concat([framed('one'), framed(''), framed('two')]);
      for (let at = 0; at < bytes.length; at += 1) {
        stream.write(bytes.subarray(at, at + 1));
        await sleep(1);
      }
      stream.write(bytes);
    });
    await eventually('all', () => seen.batches.length === 6);
    expect(seen.batches).to.deep.equal(['one', '', 'two', 'one', '', 'two']);
  });

  it('keeps no beat for a hub that reads nothing', async () => {
    const own = await dial(
      (stream) => {
        stream.respond(answer);
        stream.pause();
      },
      { initialWindowSize: 1_000 },
    );
    await eventually('an answer', () => seen.answered === 1);
    let taken = 0;
    for (let n = 0; n < 60; n += 1) {
      if (own.write(Buffer.alloc(100))) taken += 1;
      await sleep(2);
    }
    expect(taken).to.be.within(1, 15);
  });

  for (const [what, serve, cause] of [
    [
      'compressed bytes, which nobody asked for',
      (stream: ServerHttp2Stream) => {
        stream.respond(answer);
        stream.write(framed('x', 1));
      },
      'what came is no batch',
    ],
    [
      'a batch that is too large',
      (stream: ServerHttp2Stream) => {
        stream.respond(answer);
        stream.write(framed('x', 0, 70_000));
      },
      'what came is no batch',
    ],
    [
      'an answer that is none of a hub',
      (stream: ServerHttp2Stream) => stream.respond({ ':status': 404 }, { endStream: true }),
      'what answers there is no hub (HTTP status 404)',
    ],
    [
      'a status at once',
      (stream: ServerHttp2Stream) =>
        stream.respond(
          { ...answer, 'grpc-status': '12', 'grpc-message': 'no such call' },
          { endStream: true },
        ),
      'the hub ended the call with status 12: no such call',
    ],
    [
      'a status later',
      (stream: ServerHttp2Stream) => {
        stream.respond(answer, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end();
      },
      'the hub ended the call with status 0',
    ],
    ['a reset', (stream: ServerHttp2Stream) => stream.close(8), 'the hub ended the call'],
    [
      'the end of the connection',
      (stream: ServerHttp2Stream) => stream.session?.destroy(),
      'the hub closes the connection',
    ],
  ] as const)
    it(`ends once with ${what}, and says so`, async () => {
      await dial(serve);
      expect(await ended()).to.include(cause);
      await sleep(30);
      expect(seen.ended).to.have.lengthOf(1);
      expect(call?.write(Buffer.from('x'))).to.equal(false);
    });

  it('says nothing of its end when it was this side that wanted it', async () => {
    const own = await dial((stream) => stream.respond(answer));
    await eventually('an answer', () => seen.answered === 1);
    own.abort();
    own.ping();
    await sleep(30);
    expect(seen.ended).to.deep.equal([]);
  });
});
