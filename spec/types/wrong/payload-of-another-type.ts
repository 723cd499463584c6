// error: TS2769 'string' is not assignable to type 'number'
import { defineMessage } from '../../../lib/handler/contract.js';
import { bus } from '../bus.js';

const Render = defineMessage<{ frame: number }, { ms: number }>('render.frame');
bus.request('w1', Render, { frame: '1' });
