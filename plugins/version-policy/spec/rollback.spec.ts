import { expect } from 'chai';
import { createHub, createWorker, type Hub, type Worker, type WorkerEvent } from 'drumline';
import { adjacentMinor, type VersionPolicyOptions, versionPolicy } from '../lib/index.js';
import { eventually } from './moment.js';
import { freePort } from './port.js';
import { beat, quiet } from './trial.js';

describe('A hub that goes back to an older version', () => {
  let address: string;
  let hub: Hub;
  let worker: Worker;
  let state: string;
  const events: WorkerEvent[] = [];

  const startHub = async (version: string, newer: number, options: VersionPolicyOptions = {}) => {
    const plugins = [versionPolicy(adjacentMinor({ newer }), options)];
    hub = createHub({ listen: address, version, plugins, beat, log: quiet });
    await hub.start();
  };
  beforeEach(async () => {
    address = `127.0.0.1:${await freePort()}`;
    events.length = 0;
    await startHub('2.32.0', 0);
    worker = createWorker({
      hub: address,
      id: 'w1',
      version: '2.32.0',
      log: quiet,
      reconnect: { initialMs: 10, maxMs: 50 },
    });
    worker.events$.subscribe((event) => events.push(event));
    worker.state$.subscribe((now) => {
      state = now;
    });
    await worker.start({ timeoutMs: 3_000 });
    await hub.drain({ deadlineMs: 2_000 });
  });
  afterEach(async () => {
    await worker.close();
    await hub.close();
  });
  const refused = () => events.find(({ kind }) => kind === 'refused');

  it('refuses its newer workers for good, unless they are given room', async () => {
    await startHub('2.31.0', 0);
    const { cause } = await eventually('a refusal', refused);
    expect(cause).to.include('upgrade the hub first');
    await eventually('the end of dialling', () => state === 'idle');
    await hub.close();
    await startHub('2.32.0', 0);
    await worker.start({ timeoutMs: 3_000 });
    expect(hub.workers.get('w1')?.version).to.equal('2.32.0');
  });

  it('keeps its newer workers with room for them', async () => {
    await startHub('2.31.0', 1);
    await hub.waitFor(1, { timeoutMs: 3_000 });
    expect(refused()).to.equal(undefined);
  });

  it('gets those that it refused back where they may dial again', async () => {
    await startHub('2.31.0', 0, { retryable: true });
    await eventually('a refusal', refused);
    expect(state).to.equal('connecting');
    await hub.close();
    await startHub('2.32.0', 0);
    await hub.waitFor(1, { timeoutMs: 4_000 });
  });
});
