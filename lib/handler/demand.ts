/** Where items are counted that wait for room. */
export interface Ahead {
  /** false: there is no room for so many bytes. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}

const anywhere: Ahead = { take: () => true, give() {} };

/** The credit of one stream of replies: how many items its consumer has room for. */
export class Demand {
  /** Where what waits is counted; by default nowhere. */
  ahead = anywhere;
  private taken = 0;
  private held = false;
  private wake: (() => void) | undefined;

  /** `allowed`: how many items may be sent in all, until `allow` raises it. */
  constructor(private allowed = 0) {}

  /** Items that may be sent now. */
  get available(): number {
    return this.held ? 0 : this.allowed - this.taken;
  }

  /** No item may be sent for the time being, whatever is allowed; or again. */
  hold(held: boolean): void {
    this.held = held;
    if (!held) this.raised();
  }

  /** Raises the limit to so many items in all, since the stream began. A lower limit than before changes nothing. */
  allow(items: number): void {
    if (!(items > this.allowed)) return;
    this.allowed = items;
    this.raised();
  }

  /** Spends the credit of one item. */
  take(): void {
    this.taken += 1;
  }

  /** Calls `wake` once, when the limit is raised next. Only the latest one is kept: a stream has one source. */
  whenRaised(wake: () => void): void {
    this.wake = wake;
  }

  private raised(): void {
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }
}
