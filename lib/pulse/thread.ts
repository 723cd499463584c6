// The entry of the thread that beats. It loads HTTP/2 and the codec, and nothing else: see docs/decisions.md, 39.
import { parentPort } from 'node:worker_threads';
import { every } from '../time/background.js';
import { Board, Slot } from './board.js';
import { Heart } from './heart.js';
import { Lookout } from './lookout.js';
import type { News, Told } from './order.js';

const lookout = new Lookout();
const hearts = new Map<number, Heart>();
const slots = new Map<number, Slot>();
let looking = () => {};

const tell = (news: News): void => parentPort?.postMessage(news);

function beat({ member, turn, slot: memory, order }: Extract<Told, { do: 'beat' }>): void {
  const slot = new Slot(memory);
  slots.set(member, slot);
  hearts.get(member)?.stop();
  const sight = () => lookout.sight(order.intervalMs, slots.values());
  const heart = new Heart({
    order,
    slot,
    sight,
    tell: (what, cause) => tell({ what, member, turn, cause }),
  });
  hearts.set(member, heart);
}

function rest(member: number): void {
  hearts.get(member)?.stop();
  hearts.delete(member);
  slots.delete(member);
}

parentPort?.on('message', (told: Told) => {
  switch (told.do) {
    case 'look':
      looking();
      lookout.watch(new Board(told.board), told.tickMs);
      looking = every(told.tickMs, () => lookout.look());
      return;
    case 'name':
      return lookout.name(told.id, { type: told.type, plugin: told.plugin });
    case 'forget':
      return lookout.forget(told.id);
    case 'beat':
      return beat(told);
    case 'rest':
      return rest(told.member);
  }
});
tell({ what: 'ready' });
