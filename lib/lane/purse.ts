/** What one source has been granted, has sent and has waiting, in one measure (messages, or bytes). */
export class Purse<Owner> {
  /** Absolute limit granted so far. */
  limit = 0;
  /** Absolute total received so far; above `limit` it is a debt. */
  received = 0;
  /** Received, and not started yet. */
  queued = 0;
  /** Started, and its room not released yet. */
  running = 0;
  /** Of what is queued, how much is of types that its sender keeps back. */
  blocked = 0;
  /** Received since the window last grew. */
  spent = 0;
  touched = false;
  /** Where it stands in line for room: with nothing at all, or with works of its own still queued. */
  inLine: 'bare' | 'dry' | undefined;
  closed = false;

  constructor(
    readonly owner: Owner,
    public window: number,
  ) {}

  get unspent(): number {
    return this.limit > this.received ? this.limit - this.received : 0;
  }

  get held(): number {
    return this.unspent + this.queued;
  }

  /** The same, without what is blocked. */
  get loose(): number {
    return Math.max(0, this.held - this.blocked);
  }
}
