// For peers without flow control of their own: the receiver says now and then how many it has had, over the peer itself,
// and the sender waits when too many are under way. Without it they would fill memory, or drop.

const most = 2048;
const each = 256;

export class Window {
  #sent = 0;
  #had = 0;
  #got = 0;
  /** @type {(() => void) | undefined} */
  #admit;

  /** @param {(had: number) => void} tell sends the number to the other side, which gives it to its `told` */
  constructor(tell) {
    this.tell = tell;
  }

  /** One more was sent: a promise if the next one has to wait. */
  sent() {
    this.#sent++;
    if (this.#sent - this.#had < most) return undefined;
    return /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        this.#admit = resolve;
      })
    );
  }

  told(/** @type {number} */ had) {
    this.#had = had;
    this.#admit?.();
    this.#admit = undefined;
  }

  /** One more came in. */
  received() {
    this.#got++;
    if (this.#got % each === 0) this.tell(this.#got);
  }
}
