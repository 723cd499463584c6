// A program that uses threads, never stops them, and has nothing else to do.
import { Bare } from './bare.js';

const bare = await Bare.of({ threads: 2, minThreads: 2 });
if ((await bare.execute('square', 7)) !== 49) process.exitCode = 1;
