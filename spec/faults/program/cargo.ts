import { createHash, randomBytes } from 'node:crypto';
import { type Context, type HandlerMessage, handler } from '../../../lib/index.js';
import { sleep } from '../../bus/moment.js';
import type { Loaded, Unloaded } from '../freight.js';
import type { Way } from './traffic.js';

const kinds = ['send', 'request', 'send', 'stream'] as const;
type Kind = (typeof kinds)[number];

const items = 3;
const endsWithinMs = 30_000;
const head = 40;
/** From 70 KiB to 3 MiB, and half of them below 180 KiB: the time goes into cuts, not into copying. */
const smallest = 70 * 1024;
const largest = 3 * 1024 * 1024;
const pool = randomBytes(2 * largest);

/** Payloads so large that they travel in parts. Each has its number in it, and the hash of all the rest of it. */
export class Cargo {
  readonly #handled = new Map<string, number>();
  readonly #odd: string[] = [];
  readonly #loads = new Map<string, Load>();

  get handlers() {
    const note = (kind: Kind) => (message: HandlerMessage, context: Context) => {
      const { n } = this.#opened(message.payload);
      const next = this.#handled.get(`${context.from.id} ${kind}`) ?? 0;
      // Nothing is lost here: in order and exactly once is one behind the other.
      if (n !== next) this.#odd.push(`handled ${kind} ${n} of ${context.from.id} in place of ${next}`);
      this.#handled.set(`${context.from.id} ${kind}`, n + 1);
      return n;
    };
    return [
      handler('cargo.send', (message, context) => void note('send')(message, context)),
      handler('cargo.request', (message, context) => packed(note('request')(message, context), 0)),
      handler('cargo.stream', (message, context) => parcels(note('stream')(message, context))),
    ];
  }

  commands(wayTo: (peer: string) => Way) {
    const loads = this.#loads;
    return {
      load: ({ peer, open }: { peer: string; open: number }) => {
        const load = new Load(wayTo(peer), open);
        loads.set(peer, load);
        void load.make();
      },
      loaded: (peer: string) => loads.get(peer)?.loaded,
      async 'load no more'(peer: string) {
        await loads.get(peer)?.stop();
        return loads.get(peer)?.loaded;
      },
      unloaded: (peer: string): Unloaded => ({
        handled: Object.fromEntries(kinds.map((kind) => [kind, this.#handled.get(`${peer} ${kind}`) ?? 0])),
        odd: this.#odd,
      }),
    };
  }

  #opened(payload: unknown) {
    const opened = unpacked(payload);
    if (opened.n < 0) this.#odd.push('other bytes came than were sent');
    return opened;
  }
}

/** Calls one behind the other, so many at once; each must end well. */
class Load {
  readonly #made: Record<Kind, number> = { send: 0, request: 0, stream: 0 };
  readonly #odd: string[] = [];
  #settled = 0;
  #payloads = 0;
  #open = 0;
  #stopped = false;

  constructor(
    private readonly way: Way,
    private readonly most: number,
  ) {}

  get loaded(): Loaded {
    return { made: this.#made, settled: this.#settled, payloads: this.#payloads, odd: this.#odd };
  }

  async make(): Promise<void> {
    for (let turn = 0; !this.#stopped; turn++) {
      const kind = kinds[turn % kinds.length] as Kind;
      const n = this.#made[kind]++;
      this.#open += 1;
      this.#ask(kind, n)
        .catch((thrown) => this.#odd.push(`${kind} ${n}: ${thrown}`))
        .finally(() => {
          this.#open -= 1;
          this.#settled += 1;
        });
      while (this.#open >= this.most && !this.#stopped) await sleep(1);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const deadline = performance.now() + endsWithinMs;
    while (this.#open > 0 && performance.now() < deadline) await sleep(5);
  }

  async #ask(kind: Kind, n: number): Promise<void> {
    if (kind === 'send') {
      await this.way.send('cargo.send', packed(n, 0));
      this.#payloads += 1;
    } else if (kind === 'request') {
      this.#came(await this.way.request('cargo.request', packed(n, 0)), n, 0);
      this.#payloads += 1;
    } else {
      let next = 0;
      await this.way.stream('cargo.stream', packed(n, 0, 0)).forEach((item) => {
        this.#came(item, n, next);
        next += 1;
      });
      if (next !== items) throw new Error(`${next} items came`);
    }
  }

  #came(payload: unknown, n: number, item: number): void {
    this.#payloads += 1;
    const came = unpacked(payload);
    if (came.n !== n || came.item !== item) throw new Error(`${came.n}/${came.item} came for ${n}/${item}`);
  }
}

async function* parcels(n: number) {
  for (let item = 0; item < items; item++) yield packed(n, item);
}

function packed(n: number, item: number, bytes = size()): Buffer {
  const packet = Buffer.alloc(head + bytes);
  packet.writeInt32LE(n, 0);
  packet.writeInt32LE(item, 4);
  pool.copy(packet, head, Math.floor(Math.random() * largest));
  digest(packet).copy(packet, 8);
  return packet;
}

/** Its number, and that of the item; -1 where the bytes are not those that were packed. */
function unpacked(payload: unknown): { readonly n: number; readonly item: number } {
  if (!(payload instanceof Uint8Array) || payload.length < head) return { n: -1, item: -1 };
  const packet = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const same = digest(packet).equals(packet.subarray(8, head));
  return same ? { n: packet.readInt32LE(0), item: packet.readInt32LE(4) } : { n: -1, item: -1 };
}

const digest = (packet: Buffer): Buffer =>
  createHash('sha256').update(packet.subarray(0, 8)).update(packet.subarray(head)).digest();

const size = (): number => Math.round(smallest * (largest / smallest) ** (Math.random() ** 2));
