// error: TS18046 is of type 'unknown'
import { bus } from '../bus.js';

const reply = await bus.request('w1', 'render.frame', { frame: 1 });
console.log(reply.ms);
