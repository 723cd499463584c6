// error: TS2769 Type '"stream"' is not assignable to type '"request"'
import { defineMessage, type StreamOf } from '../../../lib/handler/contract.js';
import { all } from '../../../lib/handler/target.js';
import { bus } from '../bus.js';

const Tail = defineMessage<{ file: string }, StreamOf<string>>('tail');
bus.publish(all(), Tail, { file: 'a' });
