import { type Observable, Subject } from 'rxjs';
import { BusError } from '../errors/bus-error.js';
import type { Registration } from './registration.js';

/** The handlers of a hub or worker, one per message type. */
export class Handlers {
  private readonly byType = new Map<string, Registration>();
  private readonly changes = new Subject<readonly string[]>();
  private list: readonly string[] = [];

  /** The whole list of handled types, after each change. */
  readonly changes$: Observable<readonly string[]> = this.changes.asObservable();

  /** The types that are handled now, in the order of registration. */
  get types(): readonly string[] {
    return this.list;
  }

  /** Who handles a type. */
  get(type: string): Registration | undefined {
    return this.byType.get(type);
  }

  /** Adds a handler until it is disposed of. Gives `invalid-option` if its type has one already. */
  add(registration: Registration): Disposable {
    const { type } = registration;
    const owner = this.byType.get(type);
    if (owner !== undefined) {
      throw new BusError(
        'invalid-option',
        `message type '${type}' is handled by ${ownerOf(owner)} already: ${ownerOf(registration)} cannot add a ` +
          'second handler; choose another type, or take one of them out',
      );
    }
    this.byType.set(type, registration);
    this.changed();
    let present = true;
    return {
      [Symbol.dispose]: () => {
        if (!present) return;
        present = false;
        this.byType.delete(type);
        this.changed();
      },
    };
  }

  private changed(): void {
    this.list = Object.freeze([...this.byType.keys()]);
    this.changes.next(this.list);
  }
}

const ownerOf = ({ plugin }: Registration) =>
  plugin === undefined ? 'the application' : `plugin '${plugin}'`;
