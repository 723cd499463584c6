import { Board } from './board.js';
import type { Marks } from './pulse.js';

/** Told of each change that the beating thread has to know. */
export interface ChartReader {
  board(board: Board): void;
  name(id: number, type: string, plugin: string): void;
  forget(id: number): void;
}

/** The handlers of a process by their ids, and the board that they are marked on. */
export class Chart implements Marks {
  #board = new Board();
  readonly #names = new Map<number, readonly [type: string, plugin: string]>();
  readonly #free: number[] = [];
  #next = 1;

  constructor(private readonly reader: ChartReader) {}

  get board(): Board {
    return this.#board;
  }

  /** Tells all that is there: to a new reader. */
  tellAll(): void {
    this.reader.board(this.#board);
    for (const [id, [type, plugin]] of this.#names) this.reader.name(id, type, plugin);
  }

  add(type: string, plugin: string): number {
    const id = this.#free.pop() ?? this.#next++;
    if (id >= this.#board.handlers) {
      this.#board = this.#board.grown();
      this.reader.board(this.#board);
    }
    this.#names.set(id, [type, plugin]);
    this.reader.name(id, type, plugin);
    return id;
  }

  remove(id: number): void {
    if (!this.#names.delete(id)) return;
    this.#free.push(id);
    this.reader.forget(id);
  }

  enter(id: number): number {
    const before = this.#board.running;
    this.#board.running = id;
    return before;
  }

  leave(before: number): void {
    this.#board.running = before;
  }

  count(id: number, by: 1 | -1): void {
    this.#board.add(id, by);
  }
}
