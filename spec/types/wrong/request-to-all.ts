// error: TS2769 Argument of type 'AllTarget' is not assignable to parameter of type '
import { defineMessage } from '../../../lib/handler/contract.js';
import { all } from '../../../lib/handler/target.js';
import { bus } from '../bus.js';

const Render = defineMessage<{ frame: number }, { ms: number }>('render.frame');
bus.request(all(), Render, { frame: 1 });
