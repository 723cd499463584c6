// error: TS2322 Type 'number' is not assignable to type 'string'
import { defineMessage } from '../../../lib/handler/contract.js';

defineMessage<{ frame: number }, { ms: number }>('render.frame', { codec: 7 });
