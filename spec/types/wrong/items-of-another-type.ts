// error: TS2769 Type '{ line: number; }' is not assignable to type '{ line: string; }'
import { defineMessage, type StreamOf } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Tail = defineMessage<{ file: string }, StreamOf<{ line: string }>>('tail');
handler(Tail, async function* () {
  yield { line: 1 };
});
