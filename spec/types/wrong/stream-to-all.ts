// error: TS2769 Argument of type 'AllTarget' is not assignable to parameter of type '
import { defineMessage, type StreamOf } from '../../../lib/handler/contract.js';
import { all } from '../../../lib/handler/target.js';
import { bus } from '../bus.js';

const Tail = defineMessage<{ file: string }, StreamOf<string>>('tail');
bus.stream(all(), Tail, { file: 'a' });
