// error: TS2769 'number' is not assignable to type 'string'
import { z } from 'zod';
import { defineMessage } from '../../../lib/handler/contract.js';
import { bus } from '../bus.js';

const Progress = defineMessage('progress', { payload: z.object({ at: z.string().transform(Number) }) });
bus.request('w1', Progress, { at: 12 });
