import { serve } from '../serve.mjs';
import { path, sideOf } from './stream.mjs';

export const open = () => serve(path, sideOf);
