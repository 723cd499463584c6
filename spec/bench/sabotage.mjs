// Breaks a contestant on purpose, to show that the cases notice: one message is dropped, two change places, or a byte is
// another one. `absent` is for the cases without messages: one worker stays away, and beats are not heard.

/** @typedef {'drop' | 'swap' | 'damage' | 'absent' | undefined} Sabotage */

function damaged(/** @type {Uint8Array} */ payload) {
  const copy = Buffer.from(payload);
  copy[copy.length >> 1] ^= 1;
  return copy;
}

/**
 * What stands between a contestant and the function that checks what it brings.
 * @param {(payload: Uint8Array) => unknown} receive
 * @param {Sabotage} how
 * @param {number} victim the number of the message
 */
export function sabotaged(receive, how, victim) {
  if (how === undefined) return receive;
  let n = 0;
  let kept;
  return (/** @type {Uint8Array} */ payload) => {
    const number = n++;
    if (number === victim && how === 'drop') return;
    if (number === victim && how === 'damage') return receive(damaged(payload));
    if (number === victim && how === 'swap') {
      kept = Buffer.from(payload);
      return;
    }
    const result = receive(payload);
    if (number === victim + 1 && kept !== undefined) receive(kept);
    return result;
  };
}

/**
 * The same for what gives replies: `drop` never replies, `swap` gives the reply of the request before.
 * @param {((payload: Uint8Array) => Promise<Uint8Array>) | undefined} request
 * @param {Sabotage} how
 * @param {number} victim
 */
export function sabotagedReplies(request, how, victim) {
  if (how === undefined || request === undefined) return request;
  let n = 0;
  let before;
  return async (/** @type {Uint8Array} */ payload) => {
    const number = n++;
    const reply = await request(payload);
    if (number === victim && how === 'drop') return new Promise(() => {});
    if (number === victim && how === 'damage') return damaged(reply);
    if (number === victim && how === 'swap') return before;
    before = Buffer.from(reply);
    return reply;
  };
}
