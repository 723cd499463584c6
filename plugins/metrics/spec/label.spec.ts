import { expect } from 'chai';
import { BusError } from 'drumline/plugin';
import { Measured } from './measured.js';
import { parseText } from './text-format.js';

const hostile = (n: number) => `evil "${n}"\\,code:ok`;
const error = new BusError('unhandled', 'nobody handles it');

describe('labels', () => {
  it('stay few when a peer makes up 10,000 names', async () => {
    const measured = new Measured();
    for (let n = 0; n < 10_000; n++) {
      for (const kind of ['fault', 'overflow', 'undelivered', 'abandoned'])
        measured.observe({ kind, type: hostile(n), error });
      measured.observe({ kind: 'suspect', cause: hostile(n), worker: hostile(n) });
      measured.observe({
        kind: 'refused',
        cause: 'x',
        error: new BusError('incompatible', '', { details: { code: hostile(n) } }),
      });
      measured.observe({ kind: hostile(n) });
    }
    const families = parseText(await measured.text());
    const all = [...families.values()].flatMap(({ samples }) => samples);
    expect(all.length).to.be.below(400);
    expect(await measured.value('faults_total', { type: 'other', code: 'unhandled' })).to.equal(9_950);
  });

  it('keep their room for types that are handled here, whatever a peer made up before', async () => {
    const measured = new Measured();
    for (let n = 0; n < 10_000; n++) measured.observe({ kind: 'fault', type: hostile(n), error });
    measured.handler(() => 1, 'mine')();
    measured.observe({ kind: 'fault', type: 'mine', error });
    expect(await measured.handled('ok', 'mine')).to.deep.equal([0, 1, 1]);
    expect(await measured.value('faults_total', { type: 'mine' })).to.equal(1);
  });

  it('stay few when an application makes up a type per message', async () => {
    const measured = new Measured();
    for (let n = 0; n < 10_000; n++) {
      measured.handler(() => 1, `job.${n}`)();
      await measured.send('request', async () => 1, `job.${n}`);
    }
    expect(await measured.handled('ok', 'other')).to.deep.equal([0, 9_800, 9_800]);
    expect(await measured.value('calls_total', { type: 'other' })).to.equal(9_800);
  });

  it('stay few when handlers throw codes of their own', async () => {
    const measured = new Measured();
    const handle = measured.handler(({ payload }) => {
      throw Object.assign(new BusError('timeout', ''), { code: payload });
    });
    for (let n = 0; n < 1_000; n++) expect(() => handle(hostile(n))).to.throw();
    const families = parseText(await measured.text());
    expect(families.get('drumline_handled_total')?.samples.length).to.be.below(3);
  });

  it('are never long, and nothing that cannot be shown', async () => {
    const measured = new Measured();
    for (const type of ['x'.repeat(4_000_000), '\uD800', '\uD801', 'a\rb', 'a\0b', '\x1b[31m'])
      measured.observe({ kind: 'fault', type, error });
    expect(await measured.value('faults_total', { type: 'other' })).to.equal(6);
    expect((await measured.text()).length).to.be.below(20_000);
  });

  it('bear kinds of events that nobody knows, and events without their fields', async () => {
    const measured = new Measured();
    for (const kind of ['__proto__', 'constructor', 'new in a later version']) measured.observe({ kind });
    for (const kind of ['fault', 'refused', 'lagged', 'abandoned']) measured.observe({ kind });
    expect(await measured.value('events_total', { kind: '__proto__' })).to.equal(1);
    expect(await measured.value('faults_total', { code: 'handler-failed', type: '' })).to.equal(1);
    expect(await measured.value('refused_total', { code: 'other' })).to.equal(1);
  });

  it('never name a worker of the fleet', async () => {
    const measured = new Measured();
    const kinds = [
      'joined',
      'left',
      'lost',
      'suspect',
      'stalled',
      'recovered',
      'fenced',
      'refused',
      'degraded',
      'fault',
    ];
    for (const kind of kinds) measured.observe({ kind, worker: 'w-17', epoch: 'e-17', error });
    expect(await measured.text()).to.not.match(/w-17|e-17/);
  });
});
