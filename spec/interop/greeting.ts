import { encodeBatch } from '../../lib/frame/codec.js';
import { eventually } from '../bus/moment.js';
import { emptyHello, hello, RawPeer } from '../bus/raw-peer.js';
import { drumlineHub, drumlineWorker } from './drumline.js';
import type { Locust } from './locust.js';
import { ended, startMs } from './pair.js';
import type { Program } from './program.js';
import { type OnDrumline, quoted, type Row, seconds } from './row.js';

/** Neither MessagePack nor protobuf. */
const noise = Buffer.from(`c1${'ff'.repeat(63)}`, 'hex');
const { version: _, ...unversioned } = hello('stranger');

/** What a stranger says first: to Locust's master (a type with null as its data, or bytes), and to a hub. */
const strangers = [
  { trial: 'a greeting without a version', locust: ['client_ready'], drumline: encodeBatch([unversioned]) },
  {
    trial:
      'a first message with nothing in it (on Locust, what a worker of version 2.25 with `-f -` says first)',
    locust: ['locustfile'],
    drumline: encodeBatch([emptyHello]),
  },
  { trial: '64 bytes of noise', locust: ['noise', noise.toString('hex')], drumline: noise },
] as const;

const answerMs = 5_000;
const takenMs = 12_000;

/** Each greeting to a master and a hub of its own; then a healthy worker comes. */
export const greetings = (locust: Locust): Promise<Row[]> =>
  Promise.all(
    strangers.map(async (stranger) => {
      const [onLocust, onDrumline] = await Promise.all([
        toLocust(locust, stranger.locust),
        toDrumline(stranger.drumline),
      ]);
      const broken = onDrumline.broken.map((what) => `${stranger.trial}: ${what}`);
      return { trial: stranger.trial, locust: onLocust, drumline: onDrumline.told, broken };
    }),
  );

async function toLocust(locust: Locust, message: readonly string[]): Promise<string[]> {
  const master = locust.master();
  let stranger: Program | undefined;
  let worker: Program | undefined;
  try {
    const { address } = await master.needs('ready', startMs);
    stranger = locust.stranger(address, ...message);
    const { text } = await stranger.needs('answer', startMs);
    const before = master.all('log').length;
    worker = locust.worker(address);
    const taken = (await worker.hears('ready', takenMs)) !== undefined;
    const logs = master.all('log').map(({ text, error }) => quoted(error ? `${text}: ${error}` : text));
    const said = new Set(logs.slice(0, before).filter((text) => !text.includes('Waiting for workers')));
    return [
      ...[...said].map((text) => `the master says ${text}`),
      `the stranger gets ${text === null ? `nothing within ${seconds(answerMs)}` : quoted(text)}`,
      taken ? takenText : `${untakenText}; the master goes on: ${logs.at(-1)}`,
    ];
  } finally {
    await ended(worker, stranger, master);
  }
}

const takenText = 'a healthy worker is taken afterwards';
const untakenText = `a healthy worker is not taken within ${seconds(takenMs)}`;

async function toDrumline(batch: Uint8Array): Promise<OnDrumline> {
  const hub = drumlineHub();
  let peer: RawPeer | undefined;
  let worker: Program | undefined;
  try {
    const { address } = await hub.needs('ready', startMs);
    peer = new RawPeer(address, 'Attach').bytes(batch);
    const answer = await answerTo(peer);
    const events = hub.all('event');
    worker = drumlineWorker(address);
    const ready = await worker.hears('ready', takenMs);
    hub.tell({ do: 'send', type: 'note', payload: 0 });
    const taken = ready !== undefined && (await worker.hears('noted', answerMs)) !== undefined;
    const broken = taken ? [] : [hub.exit ? `the hub ended (${hub.exit.how})` : untakenText];
    const told = [
      `the hub tells ${events.map(({ event }) => `\`${event}\``).join(', ')}`,
      `the stranger gets ${answer}`,
      taken ? takenText : untakenText,
    ];
    return { told, broken };
  } finally {
    peer?.close();
    await ended(worker, hub);
  }
}

async function answerTo(peer: RawPeer): Promise<string> {
  const answer = () => peer.frames.find(({ kind }) => kind === 'welcome' || kind === 'refusal');
  await eventually('an answer', () => answer() !== undefined || peer.ended, answerMs).catch(() => {});
  const frame = answer();
  if (frame?.kind === 'welcome') return `a welcome (${frame.reasons.join('; ')})`;
  if (frame?.kind === 'refusal') return `a refusal (\`${frame.code}\`: ${frame.message})`;
  return peer.ended ? 'the end of its link' : `nothing within ${seconds(answerMs)}`;
}
