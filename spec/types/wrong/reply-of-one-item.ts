// error: TS2769 Type '{ line: string; }' is not assignable to type 'OrPromise<Streamable<{ line: string; }>>'
import { defineMessage, type StreamOf } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Tail = defineMessage<{ file: string }, StreamOf<{ line: string }>>('tail');
handler(Tail, () => ({ line: 'only one' }));
