// error: TS2769 'concurency' does not exist
import { defineMessage } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Render = defineMessage<{ frame: number }>('render.frame');
handler(Render, () => {}, { concurency: 4 });
