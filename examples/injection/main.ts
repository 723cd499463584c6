// A controller and a repository, wired by typed tokens; and a service that each worker's session has of its own.
import {
  BusError,
  type Context,
  createHub,
  createWorker,
  defineMessage,
  definePlugin,
  type HandlerMessage,
  handles,
  inject,
  injectable,
  PEER,
  type Peer,
  provider,
  type StreamOf,
  token,
} from 'drumline';

interface Frame {
  readonly frame: number;
}
const Render = defineMessage<Frame, string>('render');
const Frames = defineMessage<void, StreamOf<string>>('render.frames');

interface Repository {
  save(frame: string): void;
  all(): readonly string[];
}
const DIRECTORY = token<string>('directory');
const REPOSITORY = token<Repository>('repository');
const BASKET = token<Basket>('basket');

/** Built when it is first asked for, once. */
@injectable()
class MemoryRepository implements Repository {
  readonly #frames: string[] = [];

  constructor(@inject(DIRECTORY) private readonly directory: string) {}

  save(frame: string): void {
    this.#frames.push(`${this.directory}/${frame}`);
  }

  all(): readonly string[] {
    return this.#frames;
  }
}

/** One per session: what a worker asked for while it was a member. */
@injectable()
class Basket {
  frames = 0;

  constructor(@inject(PEER) private readonly peer: Peer) {}

  [Symbol.dispose](): void {
    console.log(`${this.peer.id} has left after ${this.frames} frames`);
    left.push(this.frames);
  }
}
const left: number[] = [];

@injectable()
class RenderController {
  constructor(@inject(REPOSITORY) private readonly repository: Repository) {}

  @handles(Render, { concurrency: 8 })
  async render({ payload: { frame } }: HandlerMessage<Frame>, { services, from }: Context): Promise<string> {
    services.get(BASKET).frames += 1;
    const name = `${from.id}-${frame}.png`;
    this.repository.save(name);
    return name;
  }

  @handles(Frames)
  *frames(): Iterable<string> {
    yield* this.repository.all();
  }
}

const renders = definePlugin(() => ({
  manifest: { name: 'renders', version: '1.0.0', engines: { drumline: '^0.1.0' } },
  contributes: {
    providers: [
      provider(REPOSITORY, { class: MemoryRepository }),
      provider(BASKET, { class: Basket, scope: 'session' }),
    ],
    controllers: [RenderController],
  },
}));

// The application provides what only it knows.
const hub = createHub({ providers: [provider(DIRECTORY, { value: 'out' })], plugins: [renders()] });
const address = await hub.start();
for (const [id, frames] of [
  ['w1', 3],
  ['w2', 2],
] as const) {
  const worker = createWorker({ hub: address, id });
  await worker.start();
  for (let frame = 1; frame <= frames; frame += 1) await worker.request(Render, { frame });
  await worker.close();
}
const reader = createWorker({ hub: address, id: 'reader' });
await reader.start();
const saved: string[] = [];
await reader.stream(Frames).forEach((frame) => void saved.push(frame));
console.log(saved.join(' '));
await reader.close();
await hub.close();

// What is missing is found before anything starts, with the way to it.
let missing = '';
try {
  createHub({ plugins: [renders()] });
} catch (error) {
  if (!BusError.is(error, 'plugin')) throw error;
  missing = error.message;
}
console.log(missing);
if (saved.length !== 5 || left.join() !== '3,2' || !missing.includes("'directory'")) process.exitCode = 1;
