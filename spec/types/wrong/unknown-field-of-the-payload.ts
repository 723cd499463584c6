// error: TS2551 Property 'fame' does not exist
import { defineMessage } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Render = defineMessage<{ frame: number }>('render.frame');
handler(Render, ({ payload }) => {
  console.log(payload.fame);
});
