// error: TS2322 'boolean' is not assignable to type 'string'
import { any } from '../../../lib/handler/target.js';

any({ gpu: true });
