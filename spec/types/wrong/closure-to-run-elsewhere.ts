// error: TS2769 Type '"thread"' is not assignable to type '"inline"'
import { defineMessage } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Crunch = defineMessage<{ n: number }, number>('crunch');
handler(Crunch, ({ payload }) => payload.n, { run: 'thread' });
