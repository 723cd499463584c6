/** A task that waits for its time on a timeline. */
export interface Entry {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  dropped: boolean;
}

const before = (a: Entry, b: Entry) => a.at < b.at || (a.at === b.at && a.order < b.order);

/** Tasks by time, and by order of insertion where the time is the same: a binary heap. */
export class Timeline {
  #heap: Entry[] = [];
  #dropped = 0;
  #order = 0;

  get size(): number {
    return this.#heap.length - this.#dropped;
  }

  add(at: number, run: () => void): Entry {
    const entry: Entry = { at, order: this.#order++, run, dropped: false };
    this.#push(entry);
    return entry;
  }

  /** Takes a task out. Once most of the heap is dropped tasks it is rebuilt, so timers that never fire do not pile up. */
  drop(entry: Entry): void {
    if (entry.dropped) return;
    entry.dropped = true;
    this.#dropped += 1;
    if (this.#dropped < 64 || this.#dropped * 2 < this.#heap.length) return;
    const live = this.#heap.filter((each) => !each.dropped);
    this.#heap = [];
    this.#dropped = 0;
    for (const each of live) this.#push(each);
  }

  /** The first task, if it is due by then. It leaves the timeline and counts as dropped, so that dropping it is harmless. */
  take(until: number): Entry | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || (!first.dropped && first.at > until)) return undefined;
      this.#shift();
      if (!first.dropped) {
        first.dropped = true;
        return first;
      }
      this.#dropped -= 1;
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up] as Entry;
      if (!before(entry, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = entry;
  }

  #shift(): void {
    const heap = this.#heap;
    const last = heap.pop() as Entry;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && before(heap[down + 1] as Entry, heap[down] as Entry)) down += 1;
      if (!before(heap[down] as Entry, last)) break;
      heap[at] = heap[down] as Entry;
      at = down;
    }
    heap[at] = last;
  }
}
