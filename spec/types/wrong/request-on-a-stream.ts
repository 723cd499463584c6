// error: TS2769 Type '"stream"' is not assignable to type '"request"'
import { defineMessage, type StreamOf } from '../../../lib/handler/contract.js';
import { bus } from '../bus.js';

const Tail = defineMessage<{ file: string }, StreamOf<string>>('tail');
bus.request('w1', Tail, { file: 'a' });
