// The hub and the worker that the programs of this folder call; the types are those that users get.
import type { Hub, Worker } from '../../lib/index.js';

export declare const bus: Hub;
export declare const worker: Worker;

/** Compiles if both types are the same; `any` is the same as nothing but itself. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const holds = <_T extends true>(): void => {};
