// error: TS2769 'module' does not exist in type 'Handle<
import { defineMessage } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Crunch = defineMessage<{ n: number }, number>('crunch');
handler(Crunch, { module: new URL('./crunch.js', import.meta.url), export: 'crunch' });
