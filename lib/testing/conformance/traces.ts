import { systemClock } from '../../time/clock.js';

/** Things of one kind in the process, and how many there are. */
type Counts = ReadonlyMap<string, number>;

/** What can be open in a process, by what Node.js calls it, with how a reader would call it. */
const words: Readonly<Record<string, string>> = {
  Timeout: 'timer',
  Immediate: 'immediate',
  TCPServerWrap: 'listening server',
  TCPSocketWrap: 'socket',
  UDPWrap: 'UDP socket',
  PipeWrap: 'pipe',
  MessagePort: 'port or thread',
  ProcessWrap: 'child process',
  FSEventWrap: 'file watcher',
  StatWatcher: 'file watcher',
};

const counted = (names: Iterable<string>): Counts => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
};

const listeners = (): Counts =>
  new Map(process.eventNames().map((event) => [String(event), process.listenerCount(event)]));

const more = (now: Counts, before: Counts): [name: string, count: number][] =>
  [...now].flatMap(([name, count]) => {
    const added = count - (before.get(name) ?? 0);
    return added > 0 ? [[name, added]] : [];
  });

/** What keeps the process alive, and who listens to it, at one moment. */
export class Traces {
  readonly #open = counted(process.getActiveResourcesInfo());
  readonly #listeners = listeners();

  /** What has been added since and does not go away within `ms`, in words; empty if all is as it was. */
  async left(ms: number): Promise<readonly string[]> {
    const found = () => [
      ...more(counted(process.getActiveResourcesInfo()), this.#open).map(
        ([kind, count]) => `${count} ${words[kind] ?? kind}${count > 1 ? 's' : ''}`,
      ),
      ...more(listeners(), this.#listeners).map(
        ([event, count]) => `${count} listener of process '${event}'`,
      ),
    ];
    const { now, after, soon } = systemClock;
    const deadline = now() + ms;
    for (;;) {
      // A timer counts as open while its own callback runs: look in a turn without one.
      await new Promise<void>((resolve) => after(5, () => soon(resolve)));
      const rest = found();
      if (rest.length === 0 || now() > deadline) return rest;
    }
  }
}
