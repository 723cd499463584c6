// error: TS2769 Type '{ frame: number; }' is not assignable to type 'string | number'
import { defineMessage } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Render = defineMessage<{ frame: number }>('render.frame');
handler(Render, () => {}, { key: (payload) => payload });
