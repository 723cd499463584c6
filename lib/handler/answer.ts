import { BusError } from '../errors/bus-error.js';
import type { Call, Reply } from './call.js';
import { faultOf } from './fault.js';
import type { Flow } from './flow.js';
import { flowOf } from './flow-of.js';

const empty = new Uint8Array(0);

/** The last outcome where there is no value left to give. */
export const done: Reply = Object.freeze({ status: 'done', payload: empty, codec: '' });

const justDone: readonly Reply[] = Object.freeze([done]);
const noReply: readonly Reply[] = Object.freeze([]);

/**
 * What a handler's result comes to: the outcomes, or a flow of items. For a stream, `undefined` is no item and any
 * other plain value is one. Throws for a result that does not answer what was asked or cannot be encoded.
 */
export function answerOf(call: Call, result: unknown): readonly Reply[] | Flow {
  const { expects, type } = call.message;
  if (result === undefined && expects !== 'reply') return expects === 'nothing' ? noReply : justDone;
  const flow = flowOf(result, expects === 'stream');
  if (expects === 'stream') return flow ?? [encoded(call, 'item', result), done];
  if (flow !== undefined) {
    flow.stop().catch(() => {});
    throw new BusError(
      'invalid-payload',
      `the handler of '${type}' gives a stream: ask for it with stream()`,
    );
  }
  if (expects === 'reply') return [encoded(call, 'value', result)];
  return expects === 'nothing' ? noReply : justDone;
}

/** An outcome that carries a value, in the codec of the message: the sender can read that. Gives `unserialisable`. */
export function encoded({ message, route }: Call, status: 'value' | 'item', value: unknown): Reply {
  const part = status === 'value' ? 'reply' : 'item';
  const { payload, codec } = route.surroundings.codecs.encode(message.codec, value, message.type, part);
  return { status, payload, codec };
}

/** The outcomes that tell the sender of a failure: none if it expects nothing. */
export function failureOf({ message, route }: Call, thrown: unknown): readonly Reply[] {
  if (message.expects === 'nothing') return noReply;
  return [
    { status: 'fault', payload: empty, codec: '', fault: faultOf(thrown, route.surroundings.exposeStacks) },
  ];
}
