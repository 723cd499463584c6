import { Child } from './child.js';
import type { HubCommands } from './hub.js';
import type { Row, Told } from './report.js';
import type { Screen } from './screen.js';
import type { Recruit } from './setting.js';
import { table } from './table.js';
import type { WorkerCommands } from './worker.js';

export type HubProcess = Child<HubCommands>;
export type WorkerProcess = Child<WorkerCommands>;

/** Something that a process told, with the director's own time of it. */
export interface Heard {
  readonly from: string;
  readonly pid: number;
  readonly at: number;
  readonly told: Told;
}

interface Expecting {
  matches(heard: Heard): boolean;
  resolve(heard: Heard): void;
}

/** Starts the processes of the fleet, hears what they tell, and sees to it that none is left behind. */
export class Director {
  readonly workers = new Map<string, WorkerProcess>();
  readonly #children = new Set<HubProcess | WorkerProcess>();
  readonly #expecting = new Set<Expecting>();
  #hub: HubProcess | undefined;
  #rows: readonly Row[] = [];
  #over = false;

  constructor(
    readonly screen: Screen,
    /** Where the hub listens, each time. */
    readonly address: string,
  ) {}

  get hub(): HubProcess {
    if (this.#hub === undefined) throw new Error('there is no hub yet');
    return this.#hub;
  }

  /** Resolves when the new process listens. */
  async startHub(): Promise<Heard> {
    const hub: HubProcess = new Child('hub', './hub.js', { FLEET_LISTEN: this.address }, (told) =>
      this.#hear(hub, told),
    );
    this.#hub = hub;
    this.#children.add(hub);
    void hub.exited.then(() => this.#draw());
    return this.#ready(hub, ({ pid, told }) => pid === hub.pid && told.tell === 'listening');
  }

  /** Resolves when the hub has welcomed the new process. */
  async startWorker(recruit: Recruit): Promise<Heard> {
    const worker = this.tryWorker(recruit);
    this.workers.set(recruit.id, worker);
    return this.#ready(worker, ({ pid, told }) => pid === worker.pid && told.tell === 'joined');
  }

  /** A process that may be sent away: nobody counts on it. */
  tryWorker({ id, version, plan }: Recruit): WorkerProcess {
    const settings = {
      FLEET_HUB: this.address,
      FLEET_ID: id,
      FLEET_PLAN: plan,
      ...(version ? { FLEET_VERSION: version } : {}),
    };
    const worker: WorkerProcess = new Child(id, './worker.js', settings, (told) => this.#hear(worker, told));
    this.#children.add(worker);
    return worker;
  }

  worker(id: string): WorkerProcess {
    const worker = this.workers.get(id);
    if (worker === undefined) throw new Error(`there is no worker ${id}`);
    return worker;
  }

  /** The next thing told that matches. */
  expect(matches: (heard: Heard) => boolean): Promise<Heard> {
    return new Promise((resolve) => {
      this.#expecting.add({ matches, resolve });
    });
  }

  /** What the table shows of a worker now. */
  row(id: string): Row | undefined {
    return this.#rows.find((row) => row.id === id);
  }

  /** What the processes still owe an answer to. */
  get pending(): readonly string[] {
    return [...this.#children].flatMap(({ pending }) => pending);
  }

  get running(): readonly string[] {
    return [...this.#children].filter(({ running }) => running).map(({ name, pid }) => `${name} (${pid})`);
  }

  /** Ends every process at once, and hears nothing more. */
  killAll(): void {
    this.#over = true;
    for (const child of this.#children) if (child.running) child.kill();
  }

  #ready(child: HubProcess | WorkerProcess, ready: (heard: Heard) => boolean): Promise<Heard> {
    const { name } = child;
    return Promise.race([
      this.expect(ready),
      child.exited.then(({ code, signal }) => {
        throw new Error(`${name} ended (${signal ?? `code ${code}`}) before it was ready`);
      }),
    ]);
  }

  #hear({ name, pid }: HubProcess | WorkerProcess, told: Told): void {
    if (this.#over) return;
    if (told.tell === 'said') this.screen.say(`       ${name}: ${told.text}`);
    if (told.tell === 'rows') {
      this.#rows = told.rows;
      this.#draw();
    }
    const heard: Heard = { from: name, pid, at: performance.now(), told };
    for (const expecting of [...this.#expecting]) {
      if (!expecting.matches(heard)) continue;
      this.#expecting.delete(expecting);
      expecting.resolve(heard);
    }
  }

  #draw(): void {
    if (!this.#over) this.screen.show(['', ...table(this.#rows, this.#hub?.running ?? false)]);
  }
}
