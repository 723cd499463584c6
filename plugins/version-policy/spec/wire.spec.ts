import { expect } from 'chai';
import { createHub, createWorker, type Hub, type HubEvent, handler, type Worker } from 'drumline';
import { memoryNetwork, type VirtualClock, virtualClock } from 'drumline/testing';
import { adjacentMinor, exact, firstOf, type Policy, unreadable, versionPolicy } from '../lib/index.js';
import { hubVersion } from './greetings.js';
import { quiet } from './trial.js';

// Protobuf by hand, for what no worker of ours would say. A batch is frames in field 1; a hello is kind 1 of a frame,
// with the version in field 5 and the worker's id in field 6.
const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))];
const bytes = (field: number, body: Uint8Array | string): Buffer => {
  const content = Buffer.from(body as string);
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(content.length)]), content]);
};
const number = (field: number, value: number) => Buffer.from([...varint(field * 8), ...varint(value)]);
const fixed64 = (field: number) => Buffer.from([...varint(field * 8 + 1), 1, 2, 3, 4, 5, 6, 7, 8]);
const fixed32 = (field: number) => Buffer.from([...varint(field * 8 + 5), 1, 2, 3, 4]);
const group = (field: number) => Buffer.from([...varint(field * 8 + 3), ...varint(field * 8 + 4)]);
const id = 'stranger';
const hello = (...fields: Buffer[]) => bytes(1, bytes(1, Buffer.concat([bytes(6, id), ...fields])));

/** Greetings as bytes, and whether exact() and firstOf(adjacentMinor(), unreadable()) let them in. */
const greetings: readonly (readonly [name: string, batch: Buffer, exact: boolean, tolerant: boolean])[] = [
  ['the version as a text', hello(bytes(5, hubVersion)), true, true],
  ['no version', hello(), false, true],
  ['an empty version', hello(bytes(5, '')), false, true],
  ['a number for the version', hello(number(5, 2)), false, true],
  ['eight bytes for the version', hello(fixed64(5)), false, true],
  ['four bytes for the version', hello(fixed32(5)), false, true],
  ['a group for the version', hello(group(5)), false, true],
  ['a message for the version', hello(bytes(5, bytes(1, hubVersion))), false, true],
  ['a version that is no UTF-8', hello(bytes(5, Buffer.from([0xff, 0xfe, 0x00, 0x80]))), false, true],
  ['a zero byte in the version', hello(bytes(5, `${hubVersion}\0`)), false, true],
  ['the version twice, the last one right', hello(bytes(5, '1.0.0'), bytes(5, hubVersion)), true, true],
  ['the version twice, the last one old', hello(bytes(5, hubVersion), bytes(5, '2.30.0')), false, false],
  ['a number after the version', hello(bytes(5, hubVersion), number(5, 7)), true, true],
  [
    'fields of the future',
    hello(number(99, 1), bytes(5, hubVersion), bytes(100, 'later'), fixed64(101), fixed32(102)),
    true,
    true,
  ],
  ['fields of the future, and an older version', hello(bytes(100, 'later'), bytes(5, '2.31.0')), false, true],
  [
    'fields of the future, and a version too old',
    hello(bytes(100, 'later'), bytes(5, '2.30.0')),
    false,
    false,
  ],
  ['a version of a million characters', hello(bytes(5, 'x'.repeat(1_000_000))), false, true],
  ['a version of a million digits', hello(bytes(5, `2.32.${'1'.repeat(1_000_000)}`)), false, true],
];

class Rig {
  readonly clock: VirtualClock = virtualClock();
  readonly network = memoryNetwork({ clock: this.clock });
  readonly events: HubEvent[] = [];
  readonly hub: Hub;
  readonly #healthy: Worker;

  constructor(policy: Policy) {
    const { clock, network } = this;
    this.hub = createHub({
      listen: { address: 'hub', transport: network.transport('hub') },
      version: hubVersion,
      plugins: [versionPolicy(policy)],
      limits: { maxHelloBytes: 4_000_000 },
      log: quiet,
      clock,
    });
    this.hub.events$.subscribe((event) => this.events.push(event));
    this.#healthy = createWorker({
      hub: { address: 'hub', transport: network.transport('healthy') },
      id: 'healthy',
      version: hubVersion,
      handlers: [handler('echo', ({ payload }) => payload)],
      log: quiet,
      clock,
    });
  }

  async start(): Promise<void> {
    await this.settled(this.hub.start());
    await this.settled(this.#healthy.start());
  }

  /** What a call comes to while time passes. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    await this.clock.advance(50);
    return Promise.race([promise, Promise.reject(new Error('it is not settled'))]);
  }

  async end(): Promise<void> {
    const closed = [this.#healthy.close(), this.hub.close()];
    await this.clock.advance(10_000);
    await Promise.all(closed);
    expect(this.network.links).to.equal(0);
    expect(this.clock.pending).to.equal(0);
  }
}

describe('On the wire', () => {
  let rig: Rig;
  afterEach(() => rig.end());

  for (const [column, policy] of [exact(), firstOf(adjacentMinor(), unreadable())].entries())
    for (const [name, batch, ...letsIn] of greetings)
      it(`${name}: ${policy.name} ${letsIn[column] ? 'lets it in' : 'refuses it'}, and the others are served`, async () => {
        rig = new Rig(policy);
        await rig.start();
        expect(await rig.settled(rig.hub.request('healthy', 'echo', 1)), 'before').to.equal(1);
        const during = rig.hub.request('healthy', 'echo', 2);
        const link = rig.network.transport('stranger').dial({ address: 'hub', maxBatchBytes: 1e6 }, 'attach');
        let ended = false;
        link.batches$.subscribe({ error: () => {}, complete: () => (ended = true) });
        link.write(batch, () => {});
        expect(await rig.settled(during), 'during').to.equal(2);
        const fate = rig.events.find(
          ({ kind, worker }) => worker === id && (kind === 'joined' || kind === 'refused'),
        );
        expect(fate?.kind, fate?.cause).to.equal(letsIn[column] ? 'joined' : 'refused');
        if (fate?.kind === 'refused') {
          expect(fate.error).to.have.property('code', 'incompatible');
          expect(fate.cause.length).to.be.below(600);
          expect(ended, 'its link is closed').to.equal(true);
        }
        expect(await rig.settled(rig.hub.request('healthy', 'echo', 3)), 'after').to.equal(3);
        link.abort();
      });
});
