import { expect } from 'chai';
import { Beats } from '../../lib/session/beats.js';

/** What pulses tell, where there is none. */
const noPulse = { pulses: 0, worstDelayMs: 0, ignored: 0, refused: 0 };

describe('beats', () => {
  it('are counted, with all their lateness and the worst of it', () => {
    const beats = new Beats();
    expect(beats.gauge(5)).to.deep.equal({ ...noPulse, received: 0, lateMs: 0, worstMs: 0 });
    for (const lateMs of [0, 30, 10]) beats.add(lateMs, 1_000_000);
    expect(beats.gauge(1_000_001)).to.deep.equal({ ...noPulse, received: 3, lateMs: 40, worstMs: 30 });
  });

  it('that were late are forgotten after half a minute at least, and a minute at most', () => {
    for (let startedAt = 0; startedAt < 100_000; startedAt += 7_919) {
      const beats = new Beats();
      for (let at = 0; at <= startedAt; at += 1_000) beats.add(0, at);
      beats.add(500, startedAt);
      for (let at = startedAt; at < startedAt + 100_000; at += 1_000) {
        beats.add(1, at);
        const { worstMs } = beats.gauge(at);
        if (at - startedAt < 30_000) expect(worstMs, `${at - startedAt} after`).to.equal(500);
        if (at - startedAt >= 60_000) expect(worstMs, `${at - startedAt} after`).to.equal(1);
      }
    }
  });

  it('over pulses tell of event loops: the worst is forgotten like that of beats', () => {
    const beats = new Beats();
    for (const ms of [20, 300, 10]) beats.delay(ms, 1_000);
    beats.ignore();
    beats.ignore();
    beats.refuse();
    expect(beats.gauge(1_001, 5)).to.deep.equal({
      ...{ received: 0, lateMs: 0, worstMs: 0 },
      ...{ pulses: 5, worstDelayMs: 300, ignored: 2, refused: 1 },
    });
    expect(beats.gauge(61_000).worstDelayMs).to.equal(0);
  });

  it('that were late are forgotten though no other has come', () => {
    const beats = new Beats();
    beats.add(500, 0);
    expect(beats.gauge(29_999).worstMs).to.equal(500);
    expect(beats.gauge(60_000).worstMs).to.equal(0);
    expect(beats.gauge(60_000)).to.include({ received: 1, lateMs: 500 });
  });
});
