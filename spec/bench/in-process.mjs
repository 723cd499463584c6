// What one message costs a hub in CPU, with a link that costs nothing: `node spec/bench/in-process.mjs`, after a build.
// A peer in the same process hands over batches that are made once and numbered in place, and answers what it gets.
import { createHub, defineMessage, handler } from 'drumline';
import { Subject } from 'rxjs';
import { BatchWriter, decodeBatch, encodeBatch } from '../../build/lib/frame/codec.js';

const size = 256;
const perRound = 300_000;
const rounds = 5;
const payload = new Uint8Array(size).fill(7);
const perBatch = Math.floor(16_000 / (size + 30));
const batchesPerTurn = 4;
const Data = defineMessage('bench.data');
const turn = () => new Promise(setImmediate);

/** A worker at the other end of a link of our own. */
class Peer {
  #batches$ = new Subject();
  #seq = 0;
  #acked = 0;
  #received = 0;
  #limit = { messages: 0, bytes: 0 };
  #sent = 0;
  #wake = () => {};
  onOutcome = () => {};

  transport = {
    listen: async (_options, accept) => {
      this.#accept = accept;
      return { address: 'here:1', close: async () => {} };
    },
  };
  #accept;

  async join() {
    this.#accept(
      {
        peer: { address: '127.0.0.1:1' },
        batches$: this.#batches$,
        write: (batch, done) => this.#take(decodeBatch(batch).frames, done),
        close: async () => {},
        abort: () => {},
      },
      'attach',
    );
    const credit = { messages: 1e12, bytes: 1e15 };
    const features = ['credit', 'resume', 'streams'];
    this.#tell(
      [
        {
          kind: 'hello',
          protocolMin: 1,
          protocolMax: 1,
          worker: 'w1',
          incarnation: 'i',
          labels: {},
          extra: {},
        },
      ].map((hello) => ({ ...hello, handles: [Data.type], requires: [], features, credit })),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }

  #tell(frames) {
    this.#batches$.next(encodeBatch(frames));
  }

  #take(frames, done) {
    const answers = [];
    for (const frame of frames) {
      if (frame.kind === 'welcome' || frame.kind === 'credit') this.#limit = frame.credit ?? frame;
      if (frame.kind === 'outcome') this.onOutcome();
      if (frame.kind === 'message' || frame.kind === 'outcome') this.#received = frame.seq;
      if (frame.kind !== 'message' || frame.expects === 'nothing') continue;
      const status = frame.expects === 'reply' ? 'value' : 'done';
      answers.push({ kind: 'outcome', seq: ++this.#seq, re: frame.seq, status, payload, codec: 'bytes' });
    }
    this.#wake();
    setImmediate(() => {
      done();
      const ack = this.#received > this.#acked ? [{ kind: 'ack', seq: this.#received }] : [];
      this.#acked = this.#received;
      if (answers.length + ack.length > 0) this.#tell([...ack, ...answers]);
    });
  }

  /** Sends so many messages as fast as there is credit. */
  async send(count, expects) {
    const batches = templates(expects);
    for (let left = count, n = 0; left > 0; ) {
      for (let batch = 0; batch < batchesPerTurn && left > 0; batch += 1) {
        const room = Math.min(
          this.#limit.messages - this.#sent,
          Math.ceil(this.#limit.bytes / size) - this.#sent,
        );
        if (room <= 0) {
          await new Promise((resolve) => {
            this.#wake = resolve;
          });
          break;
        }
        const messages = Math.min(perBatch, left, room);
        this.#batches$.next(numbered(batches[n++ % batches.length], this.#seq, messages));
        this.#seq += messages;
        this.#sent += messages;
        left -= messages;
      }
      await turn();
    }
  }
}

/** Batches whose numbers have four bytes each, to be written over. */
function templates(expects) {
  const marker = Buffer.from([0x08, 0xff, 0xff, 0xff, 0x7f]);
  return Array.from({ length: 64 }, () => {
    const writer = new BatchWriter(65_536);
    const starts = [];
    for (let n = 0; n < perBatch; n += 1) {
      starts.push(writer.size);
      const frame = { kind: 'message', seq: 0x0fff_ffff, type: Data.type, payload, expects, codec: 'bytes' };
      writer.add({ ...frame, timeoutMs: expects === 'reply' ? 30_000 : 0, attempt: 1, id: '' });
    }
    const bytes = writer.take();
    return { bytes, starts, numbers: starts.map((start) => bytes.indexOf(marker, start) + 1) };
  });
}

function numbered({ bytes, starts, numbers }, before, count) {
  for (let n = 0; n < count; n += 1) {
    const [at, seq] = [numbers[n], before + n + 1];
    bytes[at] = (seq & 127) | 128;
    bytes[at + 1] = ((seq >>> 7) & 127) | 128;
    bytes[at + 2] = ((seq >>> 14) & 127) | 128;
    bytes[at + 3] = (seq >>> 21) & 127;
  }
  return count === perBatch ? bytes : bytes.subarray(0, starts[count]);
}

/** A hub and its peer; `run` moves so many messages, and resolves when they are done. */
const cases = {
  'received, handled at once': (peer, seen) => receiving(peer, seen, 'nothing'),
  'received, handled by a promise': (peer, seen) => receiving(peer, seen, 'nothing'),
  'request received and answered': (peer, seen) => receiving(peer, seen, 'reply'),
  publish: (_peer, _seen, hub) => async (count) => {
    for (let n = 0; n < count; n += 1) {
      while (hub.publish('w1', Data, payload).dropped > 0) await hub.writable('w1');
      if (n % 2_048 === 0) await turn();
    }
    await hub.writable('w1');
  },
  'send, 128 in flight': (_peer, _seen, hub) => (count) =>
    inFlight(count, () => hub.send('w1', Data, payload)),
  'request, 128 in flight': (_peer, _seen, hub) => (count) =>
    inFlight(count, () => hub.request('w1', Data, payload)),
};

const receiving = (peer, seen, expects) => (count) =>
  new Promise((resolve) => {
    seen.left = count;
    seen.done = resolve;
    if (expects === 'reply') peer.onOutcome = seen.one;
    void peer.send(count, expects);
  });

async function inFlight(count, call) {
  let left = count;
  const loop = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: 128 }, loop));
}

async function measure(name) {
  const peer = new Peer();
  const seen = { left: 0, done: () => {}, one: () => --seen.left === 0 && seen.done() };
  const answers = name.startsWith('request received');
  const handle = answers
    ? (message) => message.payload
    : name.endsWith('promise')
      ? async () => void seen.one()
      : () => void seen.one();
  const hub = createHub({
    listen: { address: 'here:1', transport: peer.transport },
    handlers: [handler(Data, handle)],
  });
  await hub.start();
  await peer.join();
  const run = cases[name](peer, seen, hub);
  await run(perRound);
  const each = [];
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage();
    await run(perRound);
    const { user, system } = process.cpuUsage(before);
    each.push((user + system) / perRound);
  }
  await hub.close();
  return each.sort((a, b) => a - b);
}

console.log(
  `CPU of one hub per message of ${size} bytes, in us; Node.js ${process.version}, ${rounds} rounds\n`,
);
console.log('| case | median | min | max |\n| --- | ---: | ---: | ---: |');
for (const name of Object.keys(cases)) {
  const each = await measure(name);
  const [median, min, max] = [each[(rounds - 1) / 2], each[0], each.at(-1)].map((us) => us.toFixed(2));
  console.log(`| ${name} | ${median} | ${min} | ${max} |`);
}
process.exit(0);
