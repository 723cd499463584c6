// error: TS2769 Type 'void' is not assignable to type 'OrPromise<{ ms: number; }>'
import { defineMessage } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Render = defineMessage<{ frame: number }, { ms: number }>('render.frame');
handler(Render, () => {});
