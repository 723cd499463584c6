// The computation. A thread loads this file alone; inline it is the same function.
import type { HandlerMessage } from 'drumline';
import type { Picture, View } from './contract.js';

export function render({ payload: view }: HandlerMessage<View>): Picture {
  const end = performance.now() + view.forMs;
  for (;;) {
    const picture = drawn(view);
    if (performance.now() >= end) return picture;
  }
}

function drawn({ x, y, width, pixels }: View): Picture {
  const picture = new Uint8Array(pixels * pixels);
  for (let n = 0; n < picture.length; n += 1)
    picture[n] = steps(x + (width * (n % pixels)) / pixels, y + (width * Math.floor(n / pixels)) / pixels);
  return picture;
}

/** After how many steps a point leaves the set, up to 255. */
function steps(x: number, y: number): number {
  let a = 0;
  let b = 0;
  for (let step = 0; step < 255; step += 1) {
    if (a * a + b * b > 4) return step;
    [a, b] = [a * a - b * b + x, 2 * a * b + y];
  }
  return 255;
}
