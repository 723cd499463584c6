import { expect } from 'chai';
import fc from 'fast-check';
import type { Totals } from '../../lib/frame/frame.js';
import { type Account, Ledger } from '../../lib/lane/ledger.js';
import { numbers } from './rig.js';

/** A source as its sender sees it: it knows only the grants that reached it. */
class Sender {
  readonly queue: number[] = [];
  readonly account: Account;
  grants = 0;
  limit: Totals;

  constructor(
    readonly ledger: Ledger,
    readonly running: number[],
  ) {
    this.account = ledger.open((limit) => {
      this.grants += 1;
      this.limit = limit;
    });
    this.limit = this.account.limit;
  }

  get may(): boolean {
    const { messages, bytes } = this.account;
    return messages.received < this.limit.messages && bytes.received < this.limit.bytes;
  }

  send(bytes: number): void {
    if (!this.ledger.receive(this.account, bytes)) expect.fail('refused within its credit');
    this.queue.push(bytes);
  }

  start(): void {
    const bytes = this.queue.shift();
    if (bytes === undefined) return;
    this.ledger.start(this.account, bytes);
    this.running.push(bytes);
  }
}

const largest = 5000;
const step = fc.record({
  what: fc.constantFrom(
    'send',
    'send',
    'send',
    'refuse',
    'start',
    'start',
    'end',
    'end',
    'settle',
    'restate',
    'renew',
    'give back',
  ),
  who: fc.nat(),
  bytes: fc.oneof(fc.nat(300), fc.nat(largest)),
});

describe('ledger', () => {
  it('never grants beyond its bounds, starves nobody, and gets all its credit back, whatever happens', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 12 }),
        fc.array(step, { maxLength: 400 }),
        (capacity, capacityBytes, wanted, steps) => {
          const sources = Math.min(wanted, capacity, capacityBytes);
          const ledger = new Ledger({ capacity, capacityBytes, sources });
          const running: number[] = [];
          const senders = numbers(sources).map(() => new Sender(ledger, running));
          const check = () => {
            const sum = (of: (sender: Sender) => number) =>
              senders.reduce((total, sender) => total + of(sender), 0);
            const { used } = ledger;
            expect(used.messages).to.equal(sum(({ account }) => account.messages.held));
            expect(used.messages).to.be.at.most(capacity);
            const runs = running.reduce((total, bytes) => total + bytes, 0);
            expect(used.bytes).to.equal(sum(({ account }) => account.bytes.held) + runs);
            expect(used.bytes).to.be.at.most(capacityBytes + (sources + running.length) * largest);
          };
          for (const { what, who, bytes } of steps) {
            const sender = senders[who % sources] as Sender;
            if (what === 'send' && sender.may) sender.send(bytes);
            else if (what === 'refuse' && sender.may) ledger.refuse(sender.account, bytes);
            else if (what === 'start') sender.start();
            else if (what === 'end') ledger.end(running.shift() ?? 0);
            else if (what === 'settle') ledger.settle();
            else if (what === 'restate') {
              const { messages, bytes } = sender.account;
              const before = sender.account.limit;
              const limit = ledger.restate(sender.account, {
                messages: messages.received,
                bytes: bytes.received,
              });
              expect(limit).to.deep.equal(before);
              sender.limit = limit;
            } else if (what === 'give back') {
              const { messages, bytes: inBytes } = sender.account;
              const kept = { messages: messages.received + (who % 3), bytes: inBytes.received + bytes };
              const given = ledger.giveBack(sender.account, sender.limit, kept);
              if (given) sender.limit = sender.account.limit;
            } else if (what === 'renew') {
              for (const queued of sender.queue) {
                ledger.start(sender.account, queued);
                ledger.end(queued);
              }
              ledger.close(sender.account);
              senders[who % sources] = new Sender(ledger, running);
            }
            check();
          }
          // Whoever is idle keeps what it has; everybody must be able to send all the same.
          while (senders.some(({ queue }) => queue.length > 0)) for (const sender of senders) sender.start();
          for (const bytes of running.splice(0)) ledger.end(bytes);
          ledger.settle();
          check();
          expect(senders.filter(({ may }) => !may).length, 'starved').to.equal(0);
          for (const { account } of senders) ledger.close(account);
          expect(ledger.used).to.deep.equal({ messages: 0, bytes: 0 });
        },
      ),
      { numRuns: 300 },
    );
  });

  it('gives 10,000 sources on 16,384 places one each at least, though the first ones took more and sleep', () => {
    const ledger = new Ledger({ capacity: 16_384, capacityBytes: 64 * 1024 * 1024, sources: 10_240 });
    const running: number[] = [];
    const greedy = numbers(20).map(() => new Sender(ledger, running));
    for (let round = 0; round < 12; round += 1) {
      for (const sender of greedy) while (sender.may) sender.send(10);
      for (const sender of greedy) while (sender.queue.length > 0) sender.start();
      for (const bytes of running.splice(0)) ledger.end(bytes);
      ledger.settle();
    }
    const first = greedy[0] as Sender;
    expect(first.account.messages.unspent).to.be.greaterThan(100);
    const many = numbers(9_980).map(() => new Sender(ledger, running));
    expect(many.filter(({ may }) => !may).length).to.equal(0);
    expect(ledger.used.messages).to.be.at.most(16_384);
    for (const sender of many) sender.send(10);
    for (const sender of many) sender.start();
    for (const bytes of running.splice(0)) ledger.end(bytes);
    ledger.settle();
    expect(many.filter(({ may }) => !may).length).to.equal(0);
  });

  it('opens the window of a lone busy source to 4,096 messages and 256 KiB', () => {
    const ledger = new Ledger({ capacity: 16_384, capacityBytes: 64 * 1024 * 1024, sources: 10_240 });
    const sender = new Sender(ledger, []);
    expect(sender.limit).to.deep.equal({ messages: 64, bytes: 65_536 });
    for (let round = 0; round < 10; round += 1) {
      while (sender.may) sender.send(round < 8 ? 1 : 10_000);
      while (sender.queue.length > 0) sender.start();
      for (const bytes of sender.running.splice(0)) ledger.end(bytes);
      ledger.settle();
    }
    expect(sender.account.messages.unspent).to.be.within(3072, 4096);
    expect(sender.account.bytes.unspent).to.equal(262_144);
  });

  it('leaves a newcomer its whole first window, however much one source has taken and does not spend', () => {
    const ledger = new Ledger({ capacity: 1000, capacityBytes: 1e9, sources: 10 });
    const greedy = new Sender(ledger, []);
    for (let round = 0; round < 10; round += 1) {
      while (greedy.may) greedy.send(1);
      while (greedy.queue.length > 0) greedy.start();
      for (const bytes of greedy.running.splice(0)) ledger.end(bytes);
      ledger.settle();
    }
    expect(greedy.account.messages.unspent).to.be.greaterThan(250);
    expect(new Sender(ledger, []).limit.messages).to.equal(64);
  });

  it('shares evenly among those who keep sending', () => {
    const ledger = new Ledger({ capacity: 1000, capacityBytes: 1e9, sources: 10 });
    const running: number[] = [];
    const senders = numbers(10).map(() => new Sender(ledger, running));
    const sent = senders.map(() => 0);
    for (let round = 0; round < 500; round += 1) {
      for (const [index, sender] of senders.entries()) {
        while (sender.may) {
          sender.send(1);
          sent[index] = (sent[index] ?? 0) + 1;
        }
      }
      // The receiver is slow: ten works a round, in turn.
      for (const sender of senders) sender.start();
      for (const bytes of running.splice(0)) ledger.end(bytes);
      ledger.settle();
    }
    expect(Math.min(...sent)).to.be.greaterThan(0.9 * Math.max(...sent));
  });

  it('works with a capacity of one, for one source and for two in turn', () => {
    const ledger = new Ledger({ capacity: 1, capacityBytes: 1, sources: 1 });
    const [a, b] = [new Sender(ledger, []), new Sender(ledger, [])];
    const round = (sender: Sender, other: Sender) => {
      expect([sender.may, other.may]).to.deep.equal([true, false]);
      sender.send(100);
      ledger.settle();
      expect([sender.may, other.may], 'it is queued').to.deep.equal([false, false]);
      sender.start();
      ledger.end(sender.running.pop() as number);
      ledger.settle();
    };
    round(a, b);
    round(b, a);
    round(a, b);
    ledger.close(b.account);
    ledger.settle();
    expect(a.may).to.equal(true);
  });

  it('serves who ran dry when others free room, though none of its own works can start', () => {
    const ledger = new Ledger({ capacity: 40, capacityBytes: 1e6, sources: 2 });
    const [stuck, busy] = [new Sender(ledger, []), new Sender(ledger, [])];
    for (let round = 0; round < 20; round += 1) {
      for (const sender of [stuck, busy]) while (sender.may) sender.send(1);
      ledger.settle();
    }
    expect([stuck.may, busy.may]).to.deep.equal([false, false]);
    while (busy.queue.length > 0) busy.start();
    ledger.settle();
    expect([stuck.may, busy.may]).to.deep.equal([true, true]);
  });

  it('does not tell a grant for every message', () => {
    const ledger = new Ledger({ capacity: 16_384, capacityBytes: 1e9, sources: 1 });
    const sender = new Sender(ledger, []);
    for (let sent = 0; sent < 20_000; sent += 1) {
      if (!sender.may) expect.fail('ran dry');
      sender.send(10);
      sender.start();
      ledger.end(10);
      ledger.settle();
    }
    expect(sender.grants).to.be.lessThan(60);
  });

  it('loses nothing with a grant that never arrives, and takes a repeated one for what it is', () => {
    const ledger = new Ledger({ capacity: 100, capacityBytes: 1e6, sources: 1 });
    const sender = new Sender(ledger, []);
    for (let link = 0; link < 50; link += 1) {
      while (sender.may) sender.send(1);
      while (sender.queue.length > 0) sender.start();
      for (const bytes of sender.running.splice(0)) ledger.end(bytes);
      const { limit } = sender;
      ledger.settle();
      // The grant was lost with the link; the next link begins with the limit restated.
      sender.limit = limit;
      expect(sender.may).to.equal(false);
      const { messages, bytes } = sender.account;
      const received = { messages: messages.received, bytes: bytes.received };
      sender.limit = ledger.restate(sender.account, received);
      expect(ledger.restate(sender.account, received)).to.deep.equal(sender.limit);
      expect(sender.limit.messages - messages.received).to.be.greaterThan(30);
    }
    expect(ledger.used.messages).to.be.at.most(100);
  });

  it('takes back what an idle sender does not need, unless a grant is under way to it', () => {
    const ledger = new Ledger({ capacity: 1000, capacityBytes: 1e6, sources: 100 });
    const [idle, busy] = [new Sender(ledger, []), new Sender(ledger, [])];
    const turn = (sender: Sender) => {
      const before = sender.queue.length;
      while (sender.may) sender.send(1);
      const sent = sender.queue.length - before;
      while (sender.queue.length > 0) sender.start();
      for (const bytes of sender.running.splice(0)) ledger.end(bytes);
      ledger.settle();
      return sent;
    };
    for (let round = 0; round < 10; round += 1) turn(idle);
    for (let round = 0; round < 10; round += 1) turn(busy);
    const before = turn(busy);
    const { messages, bytes } = idle.account;
    const kept = { messages: messages.received + 1, bytes: bytes.received + 1 };
    const old = { messages: idle.limit.messages - 1, bytes: idle.limit.bytes };
    expect(ledger.giveBack(idle.account, old, kept)).to.equal(false);
    expect(idle.account.limit).to.deep.equal(idle.limit);
    expect(ledger.giveBack(idle.account, idle.limit, kept)).to.equal(true);
    idle.limit = kept;
    ledger.settle();
    expect(idle.account.limit, 'and does not get it again for nothing').to.deep.equal(kept);
    turn(busy);
    expect(turn(busy)).to.be.greaterThan(1.3 * before);
    expect(turn(idle)).to.equal(1);
    expect(turn(idle), 'one message later it has a window again').to.be.greaterThan(30);
  });

  it('takes a message that is larger than the window, and goes on when it has ended', () => {
    const ledger = new Ledger({ capacity: 16, capacityBytes: 1_000_000, sources: 1 });
    const sender = new Sender(ledger, []);
    sender.send(4_000_000);
    ledger.settle();
    expect(sender.may).to.equal(false);
    sender.start();
    ledger.settle();
    expect(sender.may, 'its bytes are still held').to.equal(false);
    ledger.end(4_000_000);
    ledger.settle();
    expect(sender.may).to.equal(true);
  });
});
