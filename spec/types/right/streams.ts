import { of } from 'rxjs';
import { defineMessage, type StreamOf } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Tail = defineMessage<{ file: string }, StreamOf<{ line: string }>>('tail');

export const handlers = [
  handler(Tail, async function* ({ payload }) {
    yield { line: payload.file };
  }),
  handler(Tail, function* () {
    yield { line: 'a' };
  }),
  handler(Tail, () => [{ line: 'a' }]),
  handler(Tail, () => of({ line: 'a' }, { line: 'b' })),
  handler(Tail, async () => of({ line: 'a' })),
  handler(Tail, async () => [{ line: 'a' }]),
];
