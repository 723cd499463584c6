// Opens calls for pulses, each on a connection of its own, and never says a word. Told by argv where, and how many; tells
// its parent how they end.
import { type ClientHttp2Session, connect } from 'node:http2';

const { address, count } = JSON.parse(process.argv[2] ?? '{}') as { address: string; count: number };
const tell = (message: object) => void (process.connected && process.send?.(message, () => {}));
const ends = { refused: 0, broken: 0 };
const sessions: ClientHttp2Session[] = [];

process.on('disconnect', () => process.exit());
for (let opened = 0; opened < count; opened++) {
  const session = connect(`http://${address}`);
  sessions.push(session);
  let came = 0;
  const call = session.request({
    ':method': 'POST',
    ':path': '/drumline.v1.Bus/Pulse',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  session.on('error', () => {});
  call.on('error', () => {});
  call.on('data', (bytes: Buffer) => {
    came += bytes.length;
  });
  call.on('close', () => {
    if (came > 0) ends.refused += 1;
    else ends.broken += 1;
    tell({ ended: ends.refused + ends.broken, ...ends });
  });
  if (opened % 100 === 99) await new Promise((resolve) => setImmediate(resolve));
}
tell({ ready: true });
