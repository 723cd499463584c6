import { BusError } from '../errors/bus-error.js';
import type { Call, Reply } from './call.js';
import { faultOf } from './fault.js';
import type { Flow } from './flow.js';
import { flowOf } from './flow-of.js';
import { encodePayload } from './payload.js';

const empty = new Uint8Array(0);

/** The last outcome where there is no value left to give. */
export const done: Reply = Object.freeze({ status: 'done', payload: empty, codec: '' });

const justDone: readonly Reply[] = Object.freeze([done]);
const noReply: readonly Reply[] = Object.freeze([]);

/**
 * What a handler's result comes to: the outcomes, or a flow of items. For a stream, `undefined` is no item and any
 * other plain value is one. Throws for a result that does not answer what was asked or cannot be encoded.
 */
export function answerOf({ message: { expects, type } }: Call, result: unknown): readonly Reply[] | Flow {
  if (result === undefined && expects !== 'reply') return expects === 'nothing' ? noReply : justDone;
  const flow = flowOf(result, expects === 'stream');
  if (expects === 'stream') return flow ?? [encoded('item', result, type), done];
  if (flow !== undefined) {
    flow.stop().catch(() => {});
    throw new BusError(
      'invalid-payload',
      `the handler of '${type}' gives a stream: ask for it with stream()`,
    );
  }
  if (expects === 'reply') return [encoded('value', result, type)];
  return expects === 'nothing' ? noReply : justDone;
}

/** An outcome that carries a value. Gives `unserialisable`. */
export function encoded(status: 'value' | 'item', value: unknown, type: string): Reply {
  const { payload, codec } = encodePayload(value, type, status === 'value' ? 'reply' : 'item');
  return { status, payload, codec };
}

/** The outcomes that tell the sender of a failure: none if it expects nothing. */
export function failureOf({ message, surroundings }: Call, thrown: unknown): readonly Reply[] {
  if (message.expects === 'nothing') return noReply;
  return [{ status: 'fault', payload: empty, codec: '', fault: faultOf(thrown, surroundings.exposeStacks) }];
}
