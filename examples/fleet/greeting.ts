import { connect } from 'node:http2';
import { hostname } from 'node:os';

/** What the hub said to a greeting. */
export type Reply = 'welcome' | 'refusal' | 'closed' | 'silent';

/** A batch of one hello that has no field at all. */
export const emptyHello = Uint8Array.of(0x0a, 0x02, 0x0a, 0x00);

/** Bytes that are no batch of anything. */
export const garbage = new TextEncoder().encode(`${hostname()} says hello, and is no protobuf \u{1F941}`);

const waitMs = 3_000;

/** Greets the hub with these bytes over bare HTTP/2, without the SDK, and hangs up after the answer. */
export function greet(address: string, batch: Uint8Array): Promise<Reply> {
  return new Promise((resolve) => {
    const client = connect(`http://${address}`);
    const timer = setTimeout(() => end('silent'), waitMs);
    const end = (reply: Reply) => {
      clearTimeout(timer);
      client.destroy();
      resolve(reply);
    };
    client.on('error', () => end('closed'));
    const call = client.request({
      ':method': 'POST',
      ':path': '/drumline.v1.Bus/Attach',
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(batch.length, 1);
    call.on('error', () => end('closed'));
    call.on('close', () => end('closed'));
    call.on('data', (bytes: Buffer) => end(firstFrame(bytes)));
    call.write(Buffer.concat([prefix, batch]));
  });
}

/** Past the prefix of gRPC, the tag and the length of the first frame stands the tag of what it is. */
function firstFrame(bytes: Buffer): Reply {
  let at = 6;
  while ((bytes[at] ?? 0) >= 0x80) at += 1;
  const tag = bytes[at + 1];
  return tag === 0x12 ? 'welcome' : tag === 0x1a ? 'refusal' : 'closed';
}
