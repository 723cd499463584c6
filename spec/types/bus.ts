// The signatures that take a contract, as the hub and the worker have them, over the types of lib/handler alone.
// The typed form comes last, since the compiler explains the last overload.
import type { RequestContract, SendInput, SendOutput, StreamContract } from '../../lib/handler/contract.js';
import type { OneTarget, Target } from '../../lib/handler/target.js';

export declare const bus: {
  publish(target: Target, type: string, payload: unknown): void;
  publish<C extends RequestContract>(target: Target, message: C, payload: SendInput<C>): void;
  request(target: OneTarget, type: string, payload: unknown): Promise<unknown>;
  request<C extends RequestContract>(
    target: OneTarget,
    message: C,
    payload: SendInput<C>,
  ): Promise<SendOutput<C>>;
  stream(target: OneTarget, type: string, payload: unknown): AsyncIterable<unknown>;
  stream<C extends StreamContract>(
    target: OneTarget,
    message: C,
    payload: SendInput<C>,
  ): AsyncIterable<SendOutput<C>>;
};

/** Compiles if both types are the same; `any` is the same as nothing but itself. */
export type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export const holds = <_T extends true>(): void => {};
