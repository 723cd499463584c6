import { expect } from 'chai';
import { handler } from '../../lib/index.js';
import { sleep } from './moment.js';
import { hello, json, message, type RawPeer } from './raw-peer.js';
import { Trial } from './trial.js';

describe('a worker that reads nothing', () => {
  const trial = Trial.suite({ handlers: [handler('echo', ({ payload }) => payload)] });
  let peer: RawPeer;

  beforeEach(async () => {
    peer = trial.raw();
    await peer.join(hello('odd'));
    peer.pause();
  });

  it('and sends on, credit or not, is cut off before its outcomes pile up, and told of', async function () {
    this.timeout(30_000);
    let sent = 0;
    while (!peer.ended && sent < 200_000) {
      peer.send(...Array.from({ length: 500 }, () => message(++sent, 'echo', { payload: json(sent) })));
      await sleep(2);
    }
    await trial.servesHealthy('during');
    expect((await trial.event('lost', 'odd')).cause).to.equal('overrun');
  });
});
