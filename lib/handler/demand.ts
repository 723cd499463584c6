/** The credit of one stream of replies: how many items its consumer has room for. */
export class Demand {
  private taken = 0;
  private wake: (() => void) | undefined;

  /** `allowed`: how many items may be sent in all, until `allow` raises it. */
  constructor(private allowed = 0) {}

  /** Items that may be sent now. */
  get available(): number {
    return this.allowed - this.taken;
  }

  /** Raises the limit to so many items in all, since the stream began. A lower limit than before changes nothing. */
  allow(items: number): void {
    if (!(items > this.allowed)) return;
    this.allowed = items;
    const { wake } = this;
    this.wake = undefined;
    wake?.();
  }

  /** Spends the credit of one item. */
  take(): void {
    this.taken += 1;
  }

  /** Calls `wake` once, when the limit is raised next. Only the latest one is kept: a stream has one source. */
  whenRaised(wake: () => void): void {
    this.wake = wake;
  }
}
