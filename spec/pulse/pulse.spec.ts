import { expect } from 'chai';
import { sleep } from '../bus/moment.js';
import { Child } from './child.js';
import { FalseHub, timing } from './false-hub.js';

/** The longest time between two beats. */
const longestGap = (times: readonly number[]): number =>
  Math.max(...times.slice(1).map((at, index) => at - (times[index] as number)));

describe('the thread that beats for a worker', function () {
  this.timeout(20_000);
  let hub: FalseHub;
  let child: Child;

  beforeEach(async () => {
    hub = await FalseHub.listen();
  });

  afterEach(async () => {
    await child?.end();
    await hub.close();
  });

  it('greets with the secret of the session, and beats at once and each interval', async () => {
    child = new Child('worker', { address: hub.address });
    const pulse = await hub.pulse();
    expect(pulse.greeting).to.deep.equal({
      kind: 'pulse',
      worker: 'w1',
      epoch: '1.false',
      token: 'secret-of-w1',
    });
    await pulse.more(10);
    expect(pulse.beats.map(({ n }) => n)).to.deep.equal(pulse.beats.map((_, index) => index + 1));
    expect(longestGap(pulse.times)).to.be.lessThan(5 * timing.intervalMs);
    const { progress } = pulse.beats.at(-1) ?? {};
    expect(progress?.holders).to.deep.equal([]);
    expect(progress?.ticks).to.be.greaterThan(20);
    expect(progress?.stillMs).to.be.lessThan(timing.intervalMs);
    expect(progress?.cpuMs).to.be.within(50, 60_000);
    expect(progress?.rssBytes).to.be.within(20e6, 500e6);
  });

  it('beats while a handler computes for 3 s, and names it', async () => {
    child = new Child('worker', { address: hub.address });
    const pulse = await hub.pulse();
    hub.ask('spin', 3_000);
    await pulse.more(3);
    const before = pulse.beats.length;
    await sleep(2_500);
    const during = pulse.beats.slice(before);
    expect(during.length).to.be.within(12, 30);
    const stills = during.map(({ progress }) => progress.stillMs);
    for (const [index, still] of stills.slice(1).entries())
      expect(still - (stills[index] ?? 0)).to.be.within(20, 500);
    expect(new Set(during.map(({ progress }) => progress.ticks)).size).to.equal(1);
    for (const { progress } of during)
      expect(progress.holders).to.deep.equal([{ type: 'spin', plugin: '', running: true }]);
    expect(during.at(-1)?.oldestMs).to.be.within(2_000, 3_600);
    await child.tells('ready');
    await pulse.more(8);
    expect(hub.outcomes()).to.equal(1);
    const { progress } = pulse.beats.at(-1) ?? {};
    expect(progress?.stillMs).to.be.lessThan(timing.intervalMs);
    expect(progress?.holders).to.deep.equal([]);
    expect(Math.max(...pulse.beats.map(({ progress }) => progress.delayMs))).to.be.within(2_400, 4_000);
  });

  it('names all handlers in flight when one of them goes on after an await and computes', async () => {
    child = new Child('worker', { address: hub.address });
    const pulse = await hub.pulse();
    hub.ask('first', 0);
    await sleep(100);
    hub.ask('second', 1_000);
    await sleep(600);
    const { progress, inFlight } = pulse.beats.at(-1) ?? {};
    expect(progress?.holders).to.deep.equal([
      { type: 'first', plugin: '', running: false },
      { type: 'second', plugin: '', running: false },
    ]);
    expect(inFlight).to.equal(2);
  });

  it('names nobody when it is the application itself that computes', async () => {
    child = new Child('worker', { address: hub.address });
    const pulse = await hub.pulse();
    await child.tells('ready');
    child.say('outside');
    await sleep(400);
    const { progress } = pulse.beats.at(-1) ?? {};
    expect(progress?.stillMs).to.be.greaterThan(150);
    expect(progress?.holders).to.deep.equal([]);
  });

  it('knows handlers that were added later', async () => {
    child = new Child('worker', { address: hub.address });
    const pulse = await hub.pulse();
    await child.tells('ready');
    child.say('late');
    await child.tells('added');
    hub.ask('later', 600);
    await sleep(400);
    expect(pulse.beats.at(-1)?.progress.holders).to.deep.equal([
      { type: 'later', plugin: '', running: true },
    ]);
  });

  it('is one for all workers of a process, and each says who holds the loop', async () => {
    child = new Child('worker', { address: hub.address, ids: ['w1', 'w2', 'w3'] });
    await child.tells('ready');
    await hub.pulse(2);
    hub.ask('spin', 700);
    await sleep(500);
    for (const pulse of hub.pulses) {
      expect(pulse.beats.at(-1)?.progress.holders).to.deep.equal([
        { type: 'spin', plugin: '', running: true },
      ]);
      expect(longestGap(pulse.times)).to.be.lessThan(5 * timing.intervalMs);
    }
    expect(new Set(hub.pulses.map(({ greeting }) => greeting.token)).size).to.equal(3);
    child.say('told');
    expect(await child.tells('threads')).to.include({ threads: 1 });
  });

  it('shows no stall when the whole process was stopped', async () => {
    child = new Child('worker', { address: hub.address });
    const pulse = await hub.pulse();
    await child.tells('ready');
    await pulse.more(5);
    child.signal('SIGSTOP');
    await sleep(2_000);
    const before = pulse.beats.length;
    child.signal('SIGCONT');
    await pulse.more(10);
    const after = pulse.beats.slice(before);
    expect(Math.max(...after.map(({ progress }) => progress.stillMs))).to.be.lessThan(1_000);
    // It says itself that it was held up.
    expect(Math.max(...after.map(({ lateMs }) => lateMs))).to.be.greaterThan(1_500);
  });

  it('still shows the stall of a process that was stopped in the middle of it', async () => {
    child = new Child('worker', { address: hub.address });
    const pulse = await hub.pulse();
    await child.tells('ready');
    hub.ask('spin', 4_000);
    await sleep(1_000);
    child.signal('SIGSTOP');
    await sleep(1_500);
    child.signal('SIGCONT');
    await pulse.more(5);
    const { stillMs, holders } = pulse.beats.at(-1)?.progress ?? {};
    expect(stillMs).to.be.within(900, 2_400);
    expect(holders).to.deep.equal([{ type: 'spin', plugin: '', running: true }]);
  });

  it('lets its process end by itself when the worker is closed', async () => {
    child = new Child('worker', { address: hub.address });
    await child.tells('ready');
    await hub.pulse();
    child.say('close');
    await child.tells('closed');
    expect(await child.exited(2_000)).to.deep.equal({ code: 0, signal: null });
    expect(hub.pulses[0]?.ended).to.equal(true);
  });

  it('runs none of the tools that its process was started with', async () => {
    const noisy = 'data:text/javascript,console.log("loaded")';
    child = new Child('worker', { address: hub.address }, ['--import', noisy]);
    await hub.pulse();
    expect(child.output.match(/loaded/g)).to.have.lengthOf(1);
  });
});
