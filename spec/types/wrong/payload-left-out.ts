// error: TS2554 Expected 3-4 arguments, but got 2
import { defineMessage } from '../../../lib/handler/contract.js';
import { bus } from '../bus.js';

const Render = defineMessage<{ frame: number }, { ms: number }>('render.frame');

bus.request('w1', Render);
