// error: TS2769 Type '"request"' is not assignable to type '"stream"'
import { defineMessage } from '../../../lib/handler/contract.js';
import { bus } from '../bus.js';

const Render = defineMessage<{ frame: number }, { ms: number }>('render.frame');
bus.stream('w1', Render, { frame: 1 });
