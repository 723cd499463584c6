// error: TS2769 Type 'ZodString' is not assignable to type 'never'
import { z } from 'zod';
import { defineMessage } from '../../../lib/handler/contract.js';

defineMessage('both', { reply: z.string(), stream: z.string() });
