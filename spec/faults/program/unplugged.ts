// Runs in a network namespace of its own, with its hub and its workers: a worker's cable is pulled, and put back. Packets
// are dropped by the ports of its own connections, both ways, and those of its later ones.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { expect } from 'chai';
import { Scene } from '../scene.js';
import { asked, cameBack, inTime } from '../unheard.js';

const rounds = 10;
const victims = [40_000, 40_999];
const others = [50_000, 50_999];

const ip = (...words: string[]) => execFileSync('ip', words);
const portsFrom = (range: readonly number[]) =>
  writeFileSync('/proc/sys/net/ipv4/ip_local_port_range', range.join(' '));

/** Both ways: what goes there, and what comes from there. */
const pull = (act: 'add' | 'del') => {
  for (const [pref, side] of [
    ['10', 'sport'],
    ['11', 'dport'],
  ] as const)
    ip('rule', act, 'pref', pref, 'ipproto', 'tcp', side, victims.join('-'), 'blackhole');
};

process.on('disconnect', () => process.exit());
const tell = (told: object) => new Promise((resolve) => process.send?.(told, resolve));
try {
  ip('link', 'set', 'lo', 'up');
  ip('rule', 'add', 'pref', '100', 'table', 'local');
  ip('rule', 'del', 'pref', '0', 'table', 'local');
  portsFrom(others);
  await Scene.run(async (scene) => {
    portsFrom(victims);
    const victim = await scene.child(['w1']);
    for (let round = 1; round <= rounds; round++) {
      const since = scene.now();
      const epoch = scene.epochOf('w1');
      const at = Date.now();
      pull('add');
      const ended = asked(scene, 'w1');
      expect(await scene.event('suspect', 'w1', since)).to.include({ cause: 'silent' });
      inTime((await scene.event('lost', 'w1', since)).at - at, round, scene.heldUpMs(since));
      await ended();
      pull('del');
      await scene.event('joined', 'w1', since);
      await scene.pulses('w1');
      expect(scene.epochOf('w1')).to.not.equal(epoch);
      expect(await scene.hub.request('w1', 'pid', 0)).to.equal(victim.pid);
      expect(scene.told('w1', since).join(' ')).to.match(cameBack);
    }
  });
  await tell({ passed: true });
} catch (thrown) {
  await tell({ passed: false, text: String((thrown as Error).stack) });
}
process.exit();
