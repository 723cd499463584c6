// error: TS2769 Type 'string' is not assignable to type 'number'
import { defineMessage } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Render = defineMessage<{ frame: number }, { ms: number }>('render.frame');
handler(Render, () => ({ ms: 'soon' }));
