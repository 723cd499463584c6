import { Subject } from 'rxjs';
import type { Link } from '../../lib/transport/link.js';

/** A link whose other side is the spec. */
export class HandLink implements Link {
  readonly peer = { address: 'there' };
  readonly batches$ = new Subject<Uint8Array>();
  readonly written: Uint8Array[] = [];
  ended: 'closed' | 'aborted' | undefined;

  write(batch: Uint8Array, done: () => void): void {
    this.written.push(batch.slice());
    done();
  }

  async close(): Promise<void> {
    this.ended ??= 'closed';
  }

  abort(): void {
    this.ended ??= 'aborted';
  }
}
