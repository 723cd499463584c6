// error: TS2769 Type 'number' is not assignable to type 'OrPromise<void>'
import { defineMessage } from '../../../lib/handler/contract.js';
import { handler } from '../../../lib/handler/registration.js';

const Config = defineMessage<{ users: number }>('config');
handler(Config, () => 1);
