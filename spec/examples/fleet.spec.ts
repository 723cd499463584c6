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

  it('says of no worker how it is while the hub is away', async () => {
    const { table } = await built('table');
    const row = {
      id: 'w1',
      version: '',
      degraded: true,
      liveness: 'alive',
      inFlight: 1,
      handled: 2,
      lateMs: 3,
    };
    expect(table([row], true)[1]).to.match(/^w1 +\(none\) +degraded +alive +1 +2 +3$/);
    expect(table([row], false)[1]).to.match(/^w1 +\(none\) +degraded +hub away +1 +2 +3$/);
  });
});
