import { expect } from 'chai';
import fc from 'fast-check';
import type { Totals } from '../../lib/frame/frame.js';
import { type Account, Ledger } from '../../lib/lane/ledger.js';
import { numbers } from './rig.js';

interface Run {
  readonly account: Account;
  readonly bytes: number;
}

/** A source as its sender sees it: it knows only the grants that reached it. */
class Sender {
  readonly queue: number[] = [];
  readonly account: Account;
  grants = 0;
  limit: Totals;

  constructor(
    readonly ledger: Ledger,
    readonly running: Run[],
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
    this.running.push({ account: this.account, bytes });
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
        fc.nat(12),
        fc.array(step, { maxLength: 400 }),
        (capacity, capacityBytes, wanted, beyond, steps) => {
          const places = Math.min(wanted, capacity, capacityBytes);
          const sources = places + beyond;
          const ledger = new Ledger({ capacity, capacityBytes, sources: places });
          const unit = (of: number) => Math.max(1, Math.floor(of / places / 2));
          const most = capacity + (beyond > 0 ? sources * unit(capacity) : 0);
          const mostBytes = capacityBytes + sources * (unit(capacityBytes) + largest);
          const running: Run[] = [];
          const senders = numbers(sources).map(() => new Sender(ledger, running));
          const check = () => {
            const live = new Set(senders.map(({ account }) => account));
            const closed = running.filter(({ account }) => !live.has(account));
            const sum = (of: (sender: Sender) => number) =>
              senders.reduce((total, sender) => total + of(sender), 0);
            const { used } = ledger;
            expect(used.messages).to.equal(sum(({ account }) => account.messages.held));
            expect(used.messages).to.be.at.most(most);
            const runs = running.reduce((total, { bytes }) => total + bytes, 0);
            expect(used.bytes).to.equal(sum(({ account }) => account.bytes.held) + runs);
            expect(used.bytes).to.be.at.most(
              mostBytes + closed.reduce((total, { bytes }) => total + bytes, 0),
            );
          };
          const end = (run: Run | undefined) => run && ledger.end(run.account, run.bytes);
          for (const { what, who, bytes } of steps) {
            const sender = senders[who % sources] as Sender;
            if (what === 'send' && sender.may) sender.send(bytes);
            else if (what === 'refuse' && sender.may) ledger.refuse(sender.account, bytes);
            else if (what === 'start') sender.start();
            else if (what === 'end') end(running.shift());
            else if (what === 'settle') ledger.settle();
            else if (what === 'give back') {
              const { messages, bytes: inBytes } = sender.account;
              const kept = { messages: messages.received + (who % 3), bytes: inBytes.received + bytes };
              const given = ledger.giveBack(sender.account, sender.limit, kept);
              if (given) sender.limit = sender.account.limit;
            } else if (what === 'renew') {
              for (const queued of sender.queue) {
                ledger.start(sender.account, queued);
                ledger.end(sender.account, queued);
              }
              ledger.close(sender.account);
              senders[who % sources] = new Sender(ledger, running);
            }
            check();
          }
          // Whoever is idle keeps what it has; everybody must be able to send all the same.
          while (senders.some(({ queue }) => queue.length > 0)) for (const sender of senders) sender.start();
          for (const { account, bytes } of running.splice(0)) ledger.end(account, bytes);
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
    const running: Run[] = [];
    const greedy = numbers(20).map(() => new Sender(ledger, running));
    for (let round = 0; round < 12; round += 1) {
      for (const sender of greedy) while (sender.may) sender.send(10);
      for (const sender of greedy) while (sender.queue.length > 0) sender.start();
      for (const { account, bytes } of running.splice(0)) ledger.end(account, bytes);
      ledger.settle();
    }
    const first = greedy[0] as Sender;
    expect(first.account.messages.unspent).to.be.greaterThan(100);
    const many = numbers(9_980).map(() => new Sender(ledger, running));
    expect(many.filter(({ may }) => !may).length).to.equal(0);
    expect(ledger.used.messages).to.be.at.most(16_384);
    for (const sender of many) sender.send(10);
    for (const sender of many) sender.start();
    for (const { account, bytes } of running.splice(0)) ledger.end(account, bytes);
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
      for (const { account, bytes } of sender.running.splice(0)) ledger.end(account, bytes);
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
      for (const { account, bytes } of greedy.running.splice(0)) ledger.end(account, bytes);
      ledger.settle();
    }
    expect(greedy.account.messages.unspent).to.be.greaterThan(250);
    expect(new Sender(ledger, []).limit.messages).to.equal(64);
  });

  it('shares evenly among those who keep sending', () => {
    const ledger = new Ledger({ capacity: 1000, capacityBytes: 1e9, sources: 10 });
    const running: Run[] = [];
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
      for (const { account, bytes } of running.splice(0)) ledger.end(account, bytes);
      ledger.settle();
    }
    expect(Math.min(...sent)).to.be.greaterThan(0.9 * Math.max(...sent));
  });

  it('works with a capacity of one, and gives one more to each source that comes after the last place', () => {
    const ledger = new Ledger({ capacity: 1, capacityBytes: 1, sources: 1 });
    const both = [new Sender(ledger, []), new Sender(ledger, [])];
    for (let round = 0; round < 5; round += 1) {
      expect(both.map(({ may }) => may)).to.deep.equal([true, true]);
      expect(ledger.used.messages).to.equal(2);
      for (const sender of both) sender.send(100);
      ledger.settle();
      expect(
        both.map(({ may }) => may),
        'they are queued',
      ).to.deep.equal([false, false]);
      for (const sender of both) {
        const { account, running } = sender;
        sender.start();
        ledger.settle();
        expect(account.bytes.unspent, 'it runs').to.equal(0);
        ledger.end(account, running.pop()?.bytes ?? 0);
        ledger.settle();
      }
    }
    for (const { account } of both) ledger.close(account);
    expect(ledger.used).to.deep.equal({ messages: 0, bytes: 0 });
  });

  it('shuts nobody out for good, though 120 sources share 100 places and each keeps one', () => {
    const ledger = new Ledger({ capacity: 100, capacityBytes: 100, sources: 63 });
    const senders = numbers(120).map(() => new Sender(ledger, []));
    const once = (sender: Sender) => {
      sender.send(1);
      sender.start();
      for (const { account, bytes } of sender.running.splice(0)) ledger.end(account, bytes);
      ledger.settle();
      const { messages, bytes } = sender.account;
      const kept = { messages: messages.received + 1, bytes: bytes.received + 1 };
      if (ledger.giveBack(sender.account, sender.limit, kept)) sender.limit = sender.account.limit;
    };
    for (let round = 0; round < 3; round += 1) {
      for (const [index, sender] of senders.entries()) {
        ledger.settle();
        expect(sender.may, `source ${index}, while all others sleep`).to.equal(true);
        once(sender);
      }
    }
    expect(ledger.used).to.deep.equal({ messages: 120, bytes: 120 });
  });

  it('stays within its capacity while there are no more sources than places, however little is left', () => {
    const ledger = new Ledger({ capacity: 110, capacityBytes: 1e9, sources: 11 });
    const [busy, ...small] = numbers(11).map(() => new Sender(ledger, [])) as [Sender, ...Sender[]];
    for (const sender of small) {
      const { limit } = sender;
      if (ledger.giveBack(sender.account, limit, { messages: 1, bytes: limit.bytes }))
        sender.limit = sender.account.limit;
    }
    for (let round = 0; round < 10; round += 1) {
      while (busy.may) busy.send(1);
      ledger.settle();
    }
    expect(ledger.used.messages, 'busy holds what it can get').to.be.at.least(70);
    for (const sender of small) {
      sender.send(1);
      sender.start();
    }
    ledger.settle();
    expect(small.filter(({ may }) => !may).length).to.equal(0);
    expect(ledger.used.messages).to.be.at.most(110);
  });

  it('serves those who have nothing behind many whose own works hold all the bytes for ever', () => {
    const ledger = new Ledger({ capacity: 1000, capacityBytes: 1000, sources: 50 });
    const stuck = numbers(40).map(() => new Sender(ledger, []));
    for (const sender of stuck) {
      sender.send(1000);
      sender.start();
    }
    ledger.settle();
    expect(stuck.filter(({ may }) => may).length, 'what runs counts as theirs').to.equal(0);
    const others = numbers(5).map(() => new Sender(ledger, []));
    for (const sender of others) {
      sender.send(10);
      sender.start();
    }
    ledger.settle();
    expect(others.filter(({ may }) => may).length, 'they run too').to.equal(0);
    for (const { account } of others) ledger.end(account, 10);
    for (let round = 0; round < 4; round += 1) ledger.settle();
    expect(others.filter(({ may }) => !may).length).to.equal(0);
    expect(ledger.used.bytes).to.be.at.most(40 * 1000 + 1000);
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
      ledger.end(sender.account, 10);
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
      for (const { account, bytes } of sender.running.splice(0)) ledger.end(account, bytes);
      const { limit } = sender;
      ledger.settle();
      // The grant was lost with the link; the next link begins with the limit told anew.
      sender.limit = limit;
      expect(sender.may).to.equal(false);
      sender.limit = sender.account.limit;
      ledger.settle();
      expect(sender.account.limit, 'nothing is granted for it twice').to.deep.equal(sender.limit);
      expect(sender.limit.messages - sender.account.messages.received).to.be.greaterThan(30);
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
      for (const { account, bytes } of sender.running.splice(0)) ledger.end(account, bytes);
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
    ledger.end(sender.account, 4_000_000);
    ledger.settle();
    expect(sender.may).to.equal(true);
  });
});
