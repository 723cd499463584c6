import type { Subscription } from 'rxjs';
import type { Registration } from '../handler/registration.js';
import type { Handlers } from '../handler/registry.js';
import { mostHolders } from '../pulse/board.js';
import type { Marks } from '../pulse/pulse.js';
import { isInline } from './blockage.js';

interface Place {
  readonly id: number;
  /** Messages that wait for something. Kept here too: on the board the id may be another's by then. */
  inFlight: number;
  removed: boolean;
}

/** Keeps the marks of one process' handlers: which of them runs, and how many messages of each are in flight. */
export class Marking {
  readonly #places = new Map<Registration, Place>();
  readonly #listening: Subscription;
  /** Of the last message: most come in runs of one type. */
  #last: Registration | undefined;
  #lastPlace: Place | undefined;

  constructor(
    private readonly marks: Marks,
    private readonly handlers: Handlers,
  ) {
    this.#reconcile();
    this.#listening = handlers.changes$.subscribe(() => this.#reconcile());
  }

  /** A handler's synchronous part begins; gives what `leave` restores. */
  enter(registration: Registration): number {
    return this.marks.enter((this.#placeOf(registration) ?? this.#add(registration, true)).id);
  }

  leave(before: number): void {
    this.marks.leave(before);
  }

  /** It did not end at once. */
  waits(registration: Registration): void {
    const place = isInline(registration) ? this.#placeOf(registration) : undefined;
    if (place === undefined) return;
    place.inFlight += 1;
    this.marks.count(place.id, 1);
  }

  ended(registration: Registration): void {
    const place = isInline(registration) ? this.#placeOf(registration) : undefined;
    if (place === undefined) return;
    place.inFlight -= 1;
    this.marks.count(place.id, -1);
    if (place.removed) this.#forget(registration, place);
  }

  /** The first few of these handlers, by their ids. */
  oldest(running: Iterable<Registration>): readonly number[] {
    const ids = new Set<number>();
    let looked = 0;
    for (const registration of running) {
      const place = isInline(registration) ? this.#placeOf(registration) : undefined;
      if (place !== undefined) ids.add(place.id);
      looked += 1;
      if (ids.size === mostHolders || looked === mostLooked) break;
    }
    return [...ids];
  }

  close(): void {
    this.#listening.unsubscribe();
    for (const [registration, place] of this.#places) {
      place.removed = true;
      this.#forget(registration, place);
    }
  }

  #placeOf(registration: Registration): Place | undefined {
    if (registration === this.#last) return this.#lastPlace;
    this.#last = registration;
    this.#lastPlace = this.#places.get(registration);
    return this.#lastPlace;
  }

  #reconcile(): void {
    const present = new Set(this.handlers.types.flatMap((type) => this.handlers.get(type) ?? []));
    for (const registration of present) {
      const place = this.#places.get(registration);
      if (place !== undefined) place.removed = false;
      else this.#add(registration, false);
    }
    for (const [registration, place] of this.#places) {
      if (present.has(registration)) continue;
      place.removed = true;
      this.#forget(registration, place);
    }
  }

  /** One that has been taken out may have messages left: it keeps its place until the list changes again. */
  #add(registration: Registration, removed: boolean): Place {
    const { type, plugin = '' } = registration;
    const place = { id: this.marks.add(type, plugin), inFlight: 0, removed };
    this.#places.set(registration, place);
    this.#last = undefined;
    return place;
  }

  /** Its id is free for another when nothing of it can run any more. */
  #forget(registration: Registration, place: Place): void {
    if (place.inFlight > 0) return;
    this.marks.remove(place.id);
    this.#places.delete(registration);
    this.#last = undefined;
  }
}

/** Of the messages in flight: thousands may be of one handler. */
const mostLooked = 64;
