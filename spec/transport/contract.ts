import { expect } from 'chai';
import type { CallKind, ClientTls, Link, Listener, ServerTls, Transport } from '../../lib/transport/link.js';
import { numbered, type Received, receive, within, write } from './exchange.js';

/** What one transport gives the contract to run on. */
export interface TransportHarness {
  readonly listening: Transport;
  readonly dialling: Transport;
  /** An address that is free to listen on. */
  readonly address: string;
  /** An address where nobody listens. */
  readonly nobody: string;
  /** Whether a batch that is done may be written over. */
  readonly frees: boolean;
  readonly serverTls?: ServerTls;
  readonly clientTls?: ClientTls;
}

const maxBatchBytes = 2 * 1024 * 1024;

/** The specs that every transport has to pass. */
export function transportContract(
  name: string,
  harness: () => TransportHarness | Promise<TransportHarness>,
): void {
  describe(`a link over ${name}`, () => {
    let given: TransportHarness;
    let listener: Listener;
    let accepted: { link: Link; kind: CallKind; received: Received }[];
    let wake = () => {};

    const listen = (address = given.address) =>
      given.listening.listen(
        { address, maxBatchBytes, ...(given.serverTls && { tls: given.serverTls }) },
        (link, kind) => {
          accepted.push({ link, kind, received: receive(link) });
          wake();
        },
      );
    const dial = (address = listener.address, kind: CallKind = 'attach') =>
      given.dialling.dial({ address, maxBatchBytes, ...(given.clientTls && { tls: given.clientTls }) }, kind);
    const hubEnd = async (n = 0) => {
      while (accepted[n] === undefined)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      return accepted[n];
    };
    const pair = async () => {
      const worker = dial();
      const received = receive(worker);
      return { worker: { link: worker, received }, hub: await hubEnd() };
    };

    beforeEach(async () => {
      accepted = [];
      given = await harness();
      listener = await listen();
    });
    afterEach(() => within(2000, 'closing the listener', listener.close()));

    it('carries batches both ways, whole and in order', async () => {
      const { worker, hub } = await pair();
      const sizes = [1, 5, 16_000, 0, 300, 70_000, 3];
      const sent = sizes.map((bytes, n) => numbered(n, bytes));
      const push = async (link: Link) => {
        for (const batch of sent) await write(link, batch);
      };
      await Promise.all([push(worker.link), push(hub.link)]);
      expect(await hub.received.count(sent.length)).to.deep.equal(sent);
      expect(await worker.received.count(sent.length)).to.deep.equal(sent);
    });

    it('carries an empty batch and one of the largest size', async () => {
      const { worker, hub } = await pair();
      const sent = [numbered(1, 0), numbered(2, maxBatchBytes), numbered(3, 1024 * 1024)];
      for (const batch of sent) await write(worker.link, batch);
      for (const batch of sent) await write(hub.link, batch);
      expect((await hub.received.count(3)).every((batch, n) => batch.equals(sent[n] as Buffer))).to.equal(
        true,
      );
      expect((await worker.received.count(3)).every((batch, n) => batch.equals(sent[n] as Buffer))).to.equal(
        true,
      );
    });

    it('takes batches before the other side has answered', async () => {
      const link = dial();
      link.write(numbered(7, 100), () => {});
      const hub = await hubEnd();
      expect(await hub.received.count(1)).to.deep.equal([numbered(7, 100)]);
      link.abort();
    });

    it('calls done once for each write, later than the write itself', async () => {
      const { worker, hub } = await pair();
      for (const link of [worker.link, hub.link]) {
        let calls = 0;
        for (let n = 0; n < 50; n++) {
          await new Promise<void>((resolve) => {
            let returned = false;
            link.write(numbered(n, 20_000), () => {
              expect(returned).to.equal(true);
              calls += 1;
              resolve();
            });
            returned = true;
          });
        }
        expect(calls).to.equal(50);
      }
      await hub.received.count(50);
    });

    it('reads nothing of a batch once it says that it is free', async () => {
      const { worker, hub } = await pair();
      const bytes = 20_000;
      for (const [from, to] of [
        [worker, hub],
        [hub, worker],
      ] as const) {
        let batch = Buffer.alloc(bytes);
        let freed = 0;
        for (let n = 0; n < 100; n++) {
          numbered(n, bytes).copy(batch);
          const free = await write(from.link, batch);
          if (free) batch.fill(0xff);
          else batch = Buffer.alloc(bytes);
          freed += free ? 1 : 0;
        }
        expect(freed).to.equal(given.frees ? 100 : 0);
        const came = await to.received.count(100);
        for (let n = 0; n < 100; n++) expect(came[n], `batch ${n}`).to.deep.equal(numbered(n, bytes));
      }
    });

    it('withholds done while the other side does not read, and loses nothing', async () => {
      const { listening, dialling, serverTls, clientTls } = given;
      let unread: Link | undefined;
      await listener.close();
      listener = await listening.listen(
        { address: given.address, maxBatchBytes, ...(serverTls && { tls: serverTls }) },
        (link) => {
          unread = link;
        },
      );
      const link = dialling.dial(
        { address: listener.address, maxBatchBytes, ...(clientTls && { tls: clientTls }) },
        'attach',
      );
      const ended = receive(link).ended;
      let done = 0;
      const total = 400;
      const writing = (async () => {
        for (let n = 0; n < total; n++) {
          await write(link, numbered(n, 16_000));
          done += 1;
        }
      })();
      let before = -1;
      while (done !== before || done === 0) {
        before = done;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(done).to.be.greaterThan(30).and.lessThan(200);
      const received = receive(unread as Link);
      await writing;
      const batches = await received.count(total);
      expect(batches.map((batch) => batch.readUInt32BE())).to.deep.equal(
        Array.from({ length: total }, (_, n) => n),
      );
      link.close();
      await Promise.all([ended, received.ended]);
    });

    for (const side of ['worker', 'hub'] as const) {
      const other = side === 'worker' ? 'hub' : 'worker';

      it(`completes both sides when the ${side} closes, after all that it wrote has arrived`, async () => {
        const ends = await pair();
        for (let n = 0; n < 20; n++) await write(ends[side].link, numbered(n, 16_000));
        ends[side].link.write(numbered(20, 16_000), () => {});
        ends[side].link.close();
        expect(await within(900, 'closing', ends[other].received.ended)).to.equal(undefined);
        expect(await within(900, 'closing', ends[side].received.ended)).to.equal(undefined);
        expect(ends[other].received.batches.map((batch) => batch.readUInt32BE())).to.deep.equal(
          Array.from({ length: 21 }, (_, n) => n),
        );
      });

      it(`breaks the other side when the ${side} aborts, and completes its own`, async () => {
        const ends = await pair();
        await write(ends[other].link, numbered(1, 10));
        await ends[side].received.count(1);
        ends[side].link.abort();
        expect(await within(900, 'aborting', ends[side].received.ended)).to.equal(undefined);
        expect(await within(900, 'aborting', ends[other].received.ended)).to.have.property(
          'code',
          'peer-lost',
        );
      });

      it(`breaks with 'protocol' when the ${side} gets a batch over its limit, and leaves other links alone`, async () => {
        const bystander = dial();
        const unharmed = receive(bystander);
        await hubEnd(0);
        const worker = dial();
        const ends = { worker: { link: worker, received: receive(worker) }, hub: await hubEnd(1) };
        await write(ends.hub.link, numbered(1, 10));
        await ends.worker.received.count(1);
        ends[other].link.write(numbered(2, maxBatchBytes + 1), () => {});
        expect(await within(3000, 'breaking', ends[side].received.ended)).to.have.property(
          'code',
          'protocol',
        );
        expect(await within(3000, 'breaking', ends[other].received.ended)).to.have.property('code');
        await write((await hubEnd(0)).link, numbered(3, 10));
        expect(await unharmed.count(1)).to.deep.equal([numbered(3, 10)]);
      });

      it(`ignores what the ${side} writes after the end`, async () => {
        const ends = await pair();
        await write(ends.hub.link, numbered(1, 10));
        await ends.worker.received.count(1);
        let done = 0;
        const late = () => ends[side].link.write(numbered(9, 10), () => done++);
        ends[side].link.close();
        late();
        await Promise.all([ends[side].received.ended, ends[other].received.ended]);
        late();
        ends[side].link.close();
        ends[side].link.abort();
        await new Promise((resolve) => setTimeout(resolve, 20));
        expect(done).to.equal(0);
        expect(ends[other].received.batches.some((batch) => batch.readUInt32BE() === 9)).to.equal(false);
      });
    }

    it('gives batches$ to one subscriber only', async () => {
      const { worker, hub } = await pair();
      for (const link of [worker.link, hub.link]) {
        expect(await receive(link).ended).to.have.property('code', 'closed');
      }
      await write(hub.link, numbered(1, 10));
      expect(await worker.received.count(1)).to.have.length(1);
    });

    it('keeps what came before the subscriber', async () => {
      const link = dial();
      const hub = await hubEnd();
      for (let n = 0; n < 3; n++) await write(hub.link, numbered(n, 10));
      await new Promise((resolve) => setTimeout(resolve, 20));
      const received = receive(link);
      hub.link.close();
      expect(await received.ended).to.equal(undefined);
      expect(received.batches).to.deep.equal([numbered(0, 10), numbered(1, 10), numbered(2, 10)]);
    });

    it('tells a pulse from an attachment', async () => {
      const links = [dial(listener.address, 'pulse'), dial(listener.address, 'attach')];
      for (const link of links) receive(link);
      await hubEnd(1);
      expect(accepted.map(({ kind }) => kind)).to.have.members(['pulse', 'attach']);
    });

    it('names the address that was dialled, and where the worker is', async () => {
      const { worker, hub } = await pair();
      expect(worker.link.peer.address).to.equal(listener.address);
      expect(hub.link.peer.address).to.match(/\S/);
    });

    it('is unreachable where nobody listens, within a second', async () => {
      const error = await within(1000, 'the refusal', receive(dial(given.nobody)).ended);
      expect(error).to.have.property('code', 'unreachable');
      expect(error?.message).to.include(given.nobody).and.include('nothing listens there');
    });

    it("gives 'invalid-option' on batches$ for an address that is none", async () => {
      expect(await receive(dial('')).ended).to.have.property('code', 'invalid-option');
    });

    it("rejects a listener with 'unreachable' on an address that is taken, and frees it with close", async () => {
      const { address } = listener;
      const error = await listen(address).catch((thrown) => thrown);
      expect(error).to.have.property('code', 'unreachable');
      expect(error.message).to.include(address).and.include('in use');
      await listener.close();
      listener = await listen(address);
      const { worker, hub } = await pair();
      await write(worker.link, numbered(1, 10));
      expect(await hub.received.count(1)).to.deep.equal([numbered(1, 10)]);
    });

    it("rejects a listener with 'invalid-option' on an address that is none", async () => {
      expect(await listen('').catch((thrown) => thrown)).to.have.property('code', 'invalid-option');
    });

    it('carries 50 links at once without mixing them up', async () => {
      const links = Array.from({ length: 50 }, () => dial());
      const received = links.map(receive);
      await Promise.all(links.map((link, n) => write(link, numbered(n, 500))));
      await hubEnd(49);
      await Promise.all(
        accepted.map(async (end) => {
          const [batch] = await end.received.count(1);
          await write(end.link, batch as Buffer);
        }),
      );
      for (const [n, each] of received.entries())
        expect(await each.count(1)).to.deep.equal([numbered(n, 500)]);
    });

    it('ends its links when the listener closes, and takes no new one', async () => {
      const { worker, hub } = await pair();
      await write(hub.link, numbered(1, 10));
      await within(900, 'closing the listener', listener.close());
      expect(await worker.received.ended).to.equal(undefined);
      expect(await hub.received.ended).to.equal(undefined);
      expect(worker.received.batches).to.deep.equal([numbered(1, 10)]);
      expect(await receive(dial()).ended).to.have.property('code', 'unreachable');
      await listener.close();
    });
  });
}
