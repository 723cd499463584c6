import { expect } from 'chai';
import fc from 'fast-check';
import { NEVER } from 'rxjs';
import type { Totals } from '../../lib/frame/frame.js';
import { Gate } from '../../lib/lane/gate.js';
import { type Account, Ledger } from '../../lib/lane/ledger.js';
import { numbers, Rig } from './rig.js';

const types = 5;

/** A source whose sender heeds holds, or an older one that does not. What it is told reaches it later, in order. */
class Sender {
  readonly account: Account;
  readonly queue: { readonly type: string; readonly bytes: number }[] = [];
  readonly held = new Set<string>();
  /** What has been told, and not arrived. */
  readonly #told: (() => void)[] = [];
  #limit: Totals;

  constructor(
    readonly ledger: Ledger,
    readonly heeds: boolean,
  ) {
    this.account = ledger.open(
      (limit) =>
        this.#told.push(() => {
          this.#limit = limit;
        }),
      (type, held) => this.#told.push(() => (held ? this.held.add(type) : this.held.delete(type))),
    );
    this.#limit = this.account.limit;
  }

  hear(): void {
    for (const tell of this.#told.splice(0)) tell();
  }

  get hasCredit(): boolean {
    const { messages, bytes } = this.account;
    return messages.received < this.#limit.messages && bytes.received < this.#limit.bytes;
  }

  may(type: string): boolean {
    return this.hasCredit && !(this.heeds && this.held.has(type));
  }

  send(type: string, bytes: number): void {
    if (!this.ledger.receive(this.account, bytes)) expect.fail('refused within its credit');
    this.account.shares.of(type, 1 / 2).count(bytes, 1);
    this.queue.push({ type, bytes });
  }

  /** The first of this type starts and ends. */
  handle(type: string): void {
    const at = this.queue.findIndex((each) => each.type === type);
    const [one] = at < 0 ? [] : this.queue.splice(at, 1);
    if (one === undefined) return;
    this.account.shares.of(type, 1 / 2).count(one.bytes, -1);
    this.ledger.start(this.account, one.bytes);
    this.ledger.end(this.account, one.bytes);
  }
}

const largest = 400;
const step = fc.record({
  what: fc.constantFrom('send', 'send', 'burst', 'burst', 'handle', 'settle', 'hear', 'hear'),
  who: fc.nat(),
  type: fc.nat(types - 1),
  bytes: fc.nat(largest),
});
const name = (n: number) => `type ${n}`;

describe('what a lane holds of one message type', () => {
  it('leaves room for every other type, and stays within the bounds, whatever is stuck', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 8 }),
        fc.nat(6),
        fc.array(step, { minLength: 100, maxLength: 400 }),
        (capacity, capacityBytes, wanted, beyond, steps) => {
          const places = Math.min(wanted, capacity, capacityBytes);
          const sources = places + beyond;
          const ledger = new Ledger({ capacity, capacityBytes, sources: places });
          const senders = numbers(sources).map((n) => new Sender(ledger, n % 4 !== 3));
          const unit = (of: number) => Math.max(1, Math.floor(of / places / 2));
          const most = capacity + (beyond > 0 ? sources * unit(capacity) : 0);
          const mostBytes = capacityBytes + sources * (unit(capacityBytes) + largest);
          const check = () => {
            const sum = (of: (account: Account) => number) =>
              senders.reduce((total, { account }) => total + of(account), 0);
            expect(ledger.used.messages).to.equal(sum(({ messages }) => messages.held));
            const held = sum(({ shares }) => shares.held);
            expect(ledger.used.messages).to.be.at.most(most + held);
            expect(ledger.used.bytes).to.be.at.most(mostBytes + held * (1 + largest));
          };
          for (const { what, who, type, bytes } of steps) {
            const sender = senders[who % sources] as Sender;
            if (what === 'settle') ledger.settle();
            else if (what === 'hear') sender.hear();
            else if (what === 'handle') sender.handle(name(type));
            else
              for (let left = what === 'send' ? 1 : 50; left > 0 && sender.may(name(type)); left -= 1)
                sender.send(name(type), bytes);
            check();
          }
          // Nothing starts any more. Whoever heeds holds can still send what it does not hold.
          ledger.settle();
          for (const sender of senders) sender.hear();
          check();
          for (const sender of senders.filter(({ heeds }) => heeds))
            expect(sender.hasCredit, 'shut out').to.equal(true);
        },
      ),
      { numRuns: 200 },
    );
  }).timeout(10_000);

  it('is told nothing more of it when its source begins anew', async () => {
    const rig = new Rig({ run: () => NEVER, concurrency: 2, capacity: 64, sources: 1 });
    const gate = new Gate(1);
    const told: string[] = [];
    const source = rig.lane.source(
      () => {},
      (type, held) => told.push(`${type} ${held}`),
    );
    const fill = async () => {
      for (let n = 0; source.unspent.messages > 0 && n < 64; n += 1) source.admit(rig.job(n, { gate }));
      await rig.clock.settle();
    };
    await fill();
    await fill();
    expect(told.splice(0)).to.deep.equal(['job true']);
    source.restateHolds();
    expect(told.splice(0)).to.deep.equal(['job true']);
    source.clear();
    source.forgetHolds();
    await rig.clock.settle();
    expect(told).to.deep.equal([]);
    await fill();
    await fill();
    expect(told, 'but of what comes then').to.deep.equal(['job true']);
    source.close();
    await rig.clock.settle();
    expect(told).to.deep.equal(['job true']);
    expect(rig.lane.reserved.messages).to.equal(0);
  });
});
