import { expect } from 'chai';
import {
  type Census,
  createHub,
  createWorker,
  type Hub,
  type HubEvent,
  handler,
  type Worker,
} from 'drumline';
import { adjacentMinor, versionPolicy } from '../lib/index.js';
import { Load, mayBeRepeated } from './load.js';
import { eventually, failure, sleep } from './moment.js';
import { freePort } from './port.js';
import { beat, quiet } from './trial.js';

const ids = Array.from({ length: 10 }, (_, n) => `w${n}`);

describe('A rolling upgrade', () => {
  const load = new Load();
  const events: HubEvent[] = [];
  const workers = new Map<string, Worker>();
  let hub: Hub;
  let address: string;

  const startHub = async (version: string) => {
    hub = createHub({
      listen: address,
      version,
      beat,
      log: quiet,
      plugins: [versionPolicy(adjacentMinor({ older: 1, newer: 0 }))],
      handlers: [handler('half', ({ payload }) => (payload as number) / 2)],
    });
    hub.events$.subscribe((event) => events.push(event));
    await hub.start();
  };
  const workerOf = (id: string, version: string) =>
    createWorker({
      hub: address,
      id,
      version,
      log: quiet,
      reconnect: { initialMs: 10, maxMs: 100 },
      handlers: [
        handler('double', async ({ payload }) => {
          await sleep(3);
          return (payload as number) * 2;
        }),
        handler('job', async ({ payload }) => {
          await sleep(3);
          load.handle(payload as number);
        }),
      ],
    });
  const startWorker = async (id: string, version: string) => {
    const worker = workerOf(id, version);
    workers.set(id, worker);
    await worker.start({ timeoutMs: 5_000 });
    load.fromWorker(worker);
  };
  /** The census as one line: `hub 2.32.0: 9 of 2.31.4, 1 of 2.32.0`. */
  const counted = ({ hub, versions }: Census) => {
    const byVersion = [...versions].sort((a, b) => `${a.version}`.localeCompare(`${b.version}`));
    const texts = byVersion.map(({ version, workers }) => `${workers.length} of ${version}`);
    return `hub ${hub}: ${texts.join(', ')}`;
  };

  afterEach(async () => {
    for (const worker of workers.values()) {
      load.stop(worker);
      await worker.close();
    }
    load.stop(hub);
    await hub.close();
  });

  it('goes hub first, worker by worker, and loses nothing that was accepted', async () => {
    address = `127.0.0.1:${await freePort()}`;
    await startHub('2.31.4');
    await Promise.all(ids.map((id) => startWorker(id, '2.31.4')));
    load.fromHub(hub);
    await sleep(200);
    expect(counted(hub.census())).to.equal('hub 2.31.4: 10 of 2.31.4');
    expect(load.failures, 'while all is well').to.deep.equal([]);

    const before = hub;
    load.stop(before);
    await before.drain({ deadlineMs: 3_000 });
    await sleep(100);
    await startHub('2.32.0');
    await hub.waitFor(10, { timeoutMs: 5_000 });
    expect(counted(hub.census())).to.equal('hub 2.32.0: 10 of 2.31.4');
    expect(hub.census().degraded).to.deep.equal([]);
    load.fromHub(hub);
    const away = load.failures.splice(0);

    for (const [replaced, id] of ids.entries()) {
      const { answered, accepted } = load;
      const sent = accepted.size;
      const old = workers.get(id) as Worker;
      load.stop(old);
      await old.drain({ deadlineMs: 3_000 });
      await eventually(`the hub sees ${id} leave`, () => !hub.workers.has(id));
      expect(hub.census().total, `while ${id} is away`).to.equal(9);
      await startWorker(id, '2.32.0');
      const rest = 9 - replaced;
      expect(counted(hub.census())).to.equal(
        `hub 2.32.0: ${rest > 0 ? `${rest} of 2.31.4, ` : ''}${replaced + 1} of 2.32.0`,
      );
      await eventually('work goes on', () => load.answered > answered && accepted.size > sent);
    }

    const late = workerOf('late', '2.30.9');
    workers.set('late', late);
    const error = await failure(late.start({ timeoutMs: 5_000 }));
    expect(error.message).to.include('2.30.9').and.include('2.32.0').and.include('from 2.31 to 2.32');
    expect(error.details).to.include({ code: 'incompatible', worker: '2.30.9', hub: '2.32.0' });
    expect(counted(hub.census())).to.equal('hub 2.32.0: 10 of 2.32.0');

    for (const caller of [hub, ...workers.values()]) load.stop(caller);
    await load.ended();

    // What did not succeed: workers' requests while their hub was away, each with leave to ask again.
    expect(away.filter((failed) => !mayBeRepeated(failed))).to.deep.equal([]);
    expect(new Set(away.map(({ call }) => call))).to.deep.equal(new Set(ids.map((id) => `request of ${id}`)));
    expect(load.failures, 'while workers were replaced').to.deep.equal([]);
    expect(load.answered + load.accepted.size + away.length).to.equal(load.begun);

    // What was accepted was handled, once.
    await eventually('all that was accepted is handled', () => load.handled.size === load.accepted.size);
    expect([...load.accepted].filter((n) => load.handled.get(n) !== 1)).to.deep.equal([]);
    const kinds = new Set(events.map(({ kind }) => kind));
    for (const kind of ['lost', 'undelivered', 'overflow', 'abandoned', 'degraded'])
      expect(kinds, [...kinds].join()).to.not.include(kind);
  }).timeout(15_000);
});
