import { expect } from 'chai';

/** The example is a package of its own: what was built of it is what runs. */
const built = (file: string) =>
  import(new URL(`../../../examples/fleet/build/${file}.js`, import.meta.url).href);

describe('The fleet example', () => {
  it('tells a message that was handled twice from two messages', async () => {
    const { Tally } = await built('tally');
    const tally = new Tally();
    for (const n of [7, 8, 7]) {
      tally.arrived();
      tally.started();
      tally.ended(n);
    }
    expect(tally.counts).to.deep.equal({ handled: 3, distinct: 2, mostWaiting: 1, mostRunning: 1 });
  });

  it('counts as waiting what has arrived and not started', async () => {
    const { Tally } = await built('tally');
    const tally = new Tally();
    for (let n = 0; n < 5; n++) tally.arrived();
    for (let n = 0; n < 3; n++) tally.started();
    tally.arrived();
    expect(tally.counts).to.include({ mostWaiting: 5, mostRunning: 3, handled: 0 });
  });

  it('keeps a promise broken whatever is found later, and keeps none that was not reached', async () => {
    const { Ledger } = await built('ledger');
    const ledger = new Ledger({ a: 'first', b: 'second' }, () => {});
    ledger.note('a', false, 'lost one');
    ledger.note('a', true, 'found it');
    expect(ledger.findings.map(({ verdict }: { verdict: string }) => verdict)).to.deep.equal([
      'broken',
      'not reached',
    ]);
    expect(ledger.kept).to.equal(false);
    expect(ledger.summary).to.equal('Of 2 promises 1 broken (first) and 1 not reached');
  });

  it('breaks the promises that a failed step did not come to', async () => {
    const { Ledger } = await built('ledger');
    const ledger = new Ledger({ a: 'first', b: 'second' }, () => {});
    const step = ledger.during(['a', 'b'], async () => {
      ledger.note('a', true, 'fine');
      throw new Error('the hub ended');
    });
    expect(await step.catch(String)).to.equal('Error: the hub ended');
    expect(ledger.findings).to.deep.equal([
      { promise: 'first', verdict: 'ok', figures: 'fine' },
      { promise: 'second', verdict: 'broken', figures: 'the hub ended' },
    ]);
  });

  it('draws its table in the same place, cut to the terminal, and gives the cursor back once', async () => {
    const { terminalScreen } = await built('screen');
    let text = '';
    const screen = terminalScreen({ columns: 30, write: (chunk: string) => (text += chunk) });
    screen.show(['worker', 'x'.repeat(100)]);
    text = '';
    screen.say('something happened');
    expect(text).to.equal(`\x1b[2A\r\x1b[Jsomething happened\nworker\n${'x'.repeat(29)}\n`);
    text = '';
    screen.close();
    screen.close();
    screen.show(['late']);
    expect(text).to.equal('\x1b[2A\r\x1b[J\x1b[?25h');
  });

  const row = {
    id: 'w1',
    version: '',
    degraded: true,
    liveness: 'alive',
    stalledBy: undefined,
    stillMs: 0,
    inFlight: 1,
    handled: 2,
    lateMs: 3,
  };

  it('says of no worker how it is while the hub is away', async () => {
    const { table } = await built('table');
    expect(table([row], true)[1]).to.match(/^w1 +\(none\) +1 +2 +3 +alive, degraded$/);
    expect(table([row], false)[1]).to.match(/^w1 +\(none\) +1 +2 +3 +hub away$/);
  });

  it('says who holds up a worker and for how long, in 80 columns', async () => {
    const { table } = await built('table');
    const stalled = { ...row, liveness: 'stalled', stalledBy: 'render.frame', stillMs: 14_960 };
    const [titles, line] = table(
      [{ ...stalled, id: 'guest', version: "tuesday's build", handled: 20_000 }],
      true,
    );
    expect(line).to.match(/ stalled by render\.frame for 15\.0 s$/);
    expect(line.length).to.be.below(80);
    expect(titles.indexOf('liveness')).to.equal(line.indexOf('stalled'));
  });

  const none = { faulted: 0, expired: 0, cancelled: 0, queued: 0, lost: 0 };
  const received = { ...none, handled: 0, running: 0 };
  const sent = { ...none, refused: 0, dropped: 0, published: 0, waiting: 0, done: 0, undelivered: 0 };

  it('closes a sum when every part of it is there', async () => {
    const { sumOf } = await built('sum');
    const delivery = {
      received: { ...received, accepted: 1_203, handled: 1_200, running: 2, lost: 1 },
      sent: { ...sent, offered: 7, done: 4, waiting: 3 },
    };
    expect(sumOf(delivery)).to.deep.equal({
      accepted: 1_203,
      offered: 7,
      closes: true,
      text: '1,203 accepted = 1,200 handled + 2 running + 1 lost; 7 offered = 3 waiting + 4 done',
    });
    expect(sumOf({ received: { ...received, accepted: 0 }, sent: { ...sent, offered: 0 } })).to.include({
      closes: true,
      text: '0 accepted = 0; 0 offered = 0',
    });
  });

  it('leaves a sum open that has too many of any part', async () => {
    const { sumOf } = await built('sum');
    const whole = { received: { ...received, accepted: 0 }, sent: { ...sent, offered: 0 } };
    const parts = { received, sent };
    for (const side of ['received', 'sent'] as const)
      for (const part of Object.keys(parts[side])) {
        const { closes, text } = sumOf({ ...whole, [side]: { ...whole[side], [part]: 1 } });
        expect(closes, `${side} ${part}`).to.equal(false);
        expect(text).to.contain(`= 1 ${part} (that is 1)`);
      }
  });
});
