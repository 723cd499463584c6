// Batches by hand, for what no encoder of ours would write, and frames with every field at its default.
import { expect } from 'chai';
import { type Decoded, decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame, Hello, Message, Outcome } from '../../lib/frame/frame.js';

export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

export const number = (field: number, value: number | bigint) => [...varint(field * 8), ...varint(value)];

export const bytes = (field: number, body: readonly number[]) => [
  ...varint(field * 8 + 2),
  ...varint(body.length),
  ...body,
];

export const text = (field: number, value: string) => bytes(field, [...Buffer.from(value)]);

/** A batch of one frame: the number of its kind in the `oneof`, and its body. */
export const batch = (kind: number, body: readonly number[]) => Buffer.from(bytes(1, bytes(kind, body)));

export const kinds = {
  hello: 1,
  welcome: 2,
  refusal: 3,
  beat: 4,
  credit: 5,
  ack: 6,
  drain: 10,
  message: 12,
  outcome: 13,
};
export const emptyMessage = {
  kind: 'message',
  seq: 0,
  type: '',
  payload: new Uint8Array(0),
  expects: 'nothing',
  codec: '',
  timeoutMs: 0,
  attempt: 1,
  id: '',
} as const satisfies Message;
export const emptyOutcome = {
  kind: 'outcome',
  seq: 0,
  re: 0,
  status: 'value',
  payload: new Uint8Array(0),
  codec: '',
} as const satisfies Outcome;
export const emptyHello = {
  kind: 'hello',
  labels: {},
  handles: [],
  features: [],
  requires: [],
  extra: {},
} as const satisfies Hello;

export const only = ({ frames, unknown }: Decoded): Frame => {
  expect(frames).to.have.lengthOf(1);
  expect(unknown).to.equal(0);
  return frames[0] as Frame;
};
export const roundTrip = (frame: Frame) => only(decodeBatch(encodeBatch([frame])));
