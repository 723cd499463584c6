// error: TS2769 Type '"stream"' is not assignable to type '"request"'
import { z } from 'zod';
import { defineMessage } from '../../../lib/handler/contract.js';
import { bus } from '../bus.js';

const Tail = defineMessage('tail', { payload: z.string(), stream: z.string() });
bus.request('w1', Tail, 'a');
