import { Observable, type Subscriber } from 'rxjs';
import { BusError } from '../../errors/bus-error.js';

/** What arrives on a link, kept until its one subscriber is there. */
export class Inbox {
  #early: Uint8Array[] = [];
  #reader: Subscriber<Uint8Array> | undefined;
  #taken = false;
  #end: { readonly error?: BusError | undefined } | undefined;
  readonly #read: (bytes: number) => void;

  /** `read` hears of the size of each batch as it is read. */
  constructor(read: (bytes: number) => void) {
    this.#read = read;
  }

  readonly batches$ = new Observable<Uint8Array>((subscriber) => {
    if (this.#taken) {
      return subscriber.error(
        new BusError('closed', 'batches$ of a link is for one subscriber, and it has had it'),
      );
    }
    this.#taken = true;
    this.#reader = subscriber;
    for (const batch of this.#early.splice(0)) this.push(batch);
    this.#tell();
  });

  push(batch: Uint8Array): void {
    if (!this.#taken) {
      this.#early.push(batch);
      return;
    }
    this.#read(batch.byteLength);
    this.#reader?.next(batch);
  }

  end(error?: BusError): void {
    this.#end ??= { error };
    this.#tell();
  }

  #tell(): void {
    if (this.#end === undefined) return;
    if (this.#end.error === undefined) this.#reader?.complete();
    else this.#reader?.error(this.#end.error);
  }
}
