// error: TS2769 Type 'number' is not assignable to type 'void'
import { defineMessage } from '../../../lib/handler/contract.js';
import { bus } from '../bus.js';

const Stop = defineMessage('stop');

bus.request('w1', Stop, 1);
