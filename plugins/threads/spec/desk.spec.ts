import { expect } from 'chai';
import { Desk } from '../lib/desk.js';
import type { FromThread, Order } from '../lib/order.js';
import { packed } from '../lib/pack.js';
import { module } from './fleet.js';

describe('A thread’s desk', () => {
  const from = { id: 'w1', epoch: 'e1', labels: {}, identity: undefined };
  const order = (task: number, name: string): Order => ({
    task,
    module: module.href,
    export: name,
    call: { type: name, id: '1', headers: {}, from, deadline: undefined, attempt: 1 },
    payload: packed(undefined),
  });
  const desk = (posted: FromThread[] = []) =>
    new Desk({
      lines: new Int32Array(1),
      linesLeftOut: 0,
      post: (message) => void posted.push(message),
    });
  const reason = { text: 'enough', bus: { code: 'cancelled', retryable: false, details: {} } } as const;

  it('fires the signal of an order that its abort has overtaken, and of no other', async () => {
    const posted: FromThread[] = [];
    const early = desk(posted);
    early.hear({ task: 2, kind: 'abort', reason });
    expect(await early.run(order(1, 'flag'))).to.have.property('kind', 'value');
    expect(posted).to.deep.equal([]);
    await early.run(order(2, 'heed'));
    expect(posted.map((line) => line.kind === 'line' && line.text)).to.include(
      'let go: true cancelled enough',
    );
  });

  it('ignores what comes for an order that is done', async () => {
    const late = desk();
    await late.run(order(1, 'flag'));
    for (const kind of ['abort', 'stop'] as const) late.hear({ task: 1, kind, reason } as never);
    expect(await late.run(order(2, 'flag'))).to.have.property('kind', 'value');
  });
});
