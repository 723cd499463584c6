// The naive lane, in a process of its own: a stack that overflows inside RxJS may leave timers of Node.js in pieces.
import { config, mergeMap, of, Subject } from 'rxjs';

config.onUnhandledError = () => {};
const source$ = new Subject<number>();
const slow = new Subject<number>();
let delivered = 0;
source$.pipe(mergeMap((n) => (n === 0 ? slow : of(n)), 1)).subscribe({
  next: () => {
    delivered += 1;
  },
  error: () => {},
});
// The first inner is slow, so the others are buffered; when it ends they complete one inside the other.
for (let n = 0; n < 100_000; n += 1) source$.next(n);
try {
  slow.complete();
} catch {}
process.stdout.write(String(delivered), () => process.exit());
