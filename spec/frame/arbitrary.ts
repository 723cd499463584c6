import * as fc from 'fast-check';
import type { BeatTiming, Fault, Frame, Holder, Progress, Received, Totals } from '../../lib/frame/frame.js';

const edges = [
  0,
  1,
  127,
  128,
  16383,
  16384,
  2 ** 21,
  2 ** 28,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 35,
  2 ** 49,
];
const uint64 = fc.oneof(fc.nat(300), fc.constantFrom(...edges, Number.MAX_SAFE_INTEGER), fc.maxSafeNat());
const uint32 = fc.oneof(fc.nat(300), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1));
const bool = fc.boolean();
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ minLength: 30, maxLength: 200, size: 'max' }),
  fc.constantFrom('', 'render.frame', 'é'.repeat(30), '\u{1f941}'.repeat(50)),
);
const filledText = text.filter((value) => value !== '');
const texts = fc.array(text, { maxLength: 4 });
const key = text.filter((value) => !['__proto__', 'constructor', 'prototype'].includes(value));
const map = fc.dictionary(key, text, { maxKeys: 4, noNullPrototype: true });
const filledMap = fc.dictionary(key, text, { minKeys: 1, maxKeys: 4, noNullPrototype: true });
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 90, maxLength: 200, size: 'max' }),
);

const record = <T>(fields: { [K in keyof T]-?: fc.Arbitrary<T[K]> }, optional: readonly (keyof T)[] = []) => {
  const requiredKeys = (Object.keys(fields) as (keyof T)[]).filter((name) => !optional.includes(name));
  return fc.record(fields, { requiredKeys, noNullPrototype: true }) as unknown as fc.Arbitrary<T>;
};

const totals = record<Totals>({ messages: uint64, bytes: uint64 });
const received = record<Received>({ seq: uint64, messages: uint64, bytes: uint64 });
const timing = record<BeatTiming>({
  intervalMs: uint64,
  suspectAfterMs: uint64,
  lostAfterMs: uint64,
  stalledAfterMs: uint64,
});
const fault = record<Fault>(
  { code: text, message: text, retryable: bool, stack: filledText, details: text },
  ['stack'],
);

const progress = record<Progress>({
  ticks: uint64,
  stillMs: uint64,
  delayMs: uint64,
  holders: fc.array(record<Holder>({ type: text, plugin: text, running: bool }), { maxLength: 4 }),
  cpuMs: uint64,
  rssBytes: uint64,
});

type Of<K extends Frame['kind']> = Extract<Frame, { kind: K }>;
const kind = <K extends Frame['kind']>(name: K) => fc.constant(name) as fc.Arbitrary<K>;

/** Every kind of frame as the decoder gives it: attempts from 1, no empty headers, no empty stack. */
export const kinds: { readonly [K in Frame['kind']]: fc.Arbitrary<Of<K>> } = {
  hello: record<Of<'hello'>>(
    {
      kind: kind('hello'),
      protocolMin: uint32,
      protocolMax: uint32,
      sdk: text,
      application: text,
      version: text,
      worker: text,
      incarnation: text,
      labels: map,
      handles: texts,
      features: texts,
      requires: texts,
      maxPayloadBytes: uint64,
      resumeToken: text,
      received,
      credit: totals,
      extra: map,
    },
    [
      'protocolMin',
      'protocolMax',
      'sdk',
      'application',
      'version',
      'worker',
      'incarnation',
      'maxPayloadBytes',
      'resumeToken',
      'received',
      'credit',
    ],
  ),
  welcome: record<Of<'welcome'>>(
    {
      kind: kind('welcome'),
      protocol: uint32,
      sdk: text,
      version: text,
      worker: text,
      epoch: text,
      features: texts,
      reasons: texts,
      beat: timing,
      maxPayloadBytes: uint64,
      resumeToken: text,
      received,
      credit: totals,
      handles: texts,
      labels: map,
      pulseToken: text,
    },
    ['version', 'received', 'pulseToken'],
  ),
  refusal: record<Of<'refusal'>>({
    kind: kind('refusal'),
    code: text,
    message: text,
    retryable: bool,
    retryAfterMs: uint64,
    details: map,
  }),
  beat: record<Of<'beat'>>(
    {
      kind: kind('beat'),
      n: uint64,
      lateMs: uint64,
      inFlight: uint64,
      queued: uint64,
      handled: uint64,
      oldestMs: uint64,
      probe: bool,
      progress,
    },
    ['progress'],
  ),
  credit: record<Of<'credit'>>({ kind: kind('credit'), messages: uint64, bytes: uint64 }),
  ack: record<Of<'ack'>>({ kind: kind('ack'), seq: uint64 }),
  cancel: record<Of<'cancel'>>({ kind: kind('cancel'), re: uint64, reason: text }),
  hold: record<Of<'hold'>>({ kind: kind('hold'), type: text, held: bool }),
  announce: record<Of<'announce'>>({ kind: kind('announce'), handles: texts }),
  drain: record<Of<'drain'>>({ kind: kind('drain') }),
  bye: record<Of<'bye'>>({ kind: kind('bye'), reason: text, seq: uint64 }),
  pull: record<Of<'pull'>>({ kind: kind('pull'), re: uint64, items: uint64 }),
  pulse: record<Of<'pulse'>>({ kind: kind('pulse'), worker: text, epoch: text, token: text }),
  redial: record<Of<'redial'>>({ kind: kind('redial'), reason: text }),
  release: record<Of<'release'>>({ kind: kind('release'), held: totals, kept: totals }),
  message: record<Of<'message'>>(
    {
      kind: kind('message'),
      seq: uint64,
      type: text,
      payload,
      expects: fc.constantFrom('nothing', 'acceptance', 'reply', 'stream'),
      codec: text,
      timeoutMs: uint64,
      attempt: uint32.map((value) => value || 1),
      id: text,
      headers: filledMap,
      size: uint64.map((value) => value || 1),
    },
    ['headers', 'size'],
  ),
  outcome: record<Of<'outcome'>>(
    {
      kind: kind('outcome'),
      seq: uint64,
      re: uint64,
      status: fc.constantFrom('value', 'item', 'done', 'fault'),
      payload,
      codec: text,
      fault,
      size: uint64.map((value) => value || 1),
    },
    ['fault', 'size'],
  ),
  chunk: record<Of<'chunk'>>({ kind: kind('chunk'), seq: uint64, re: uint64, payload, outcome: bool }),
};

export const anyFrame: fc.Arbitrary<Frame> = fc.oneof(...(Object.values(kinds) as fc.Arbitrary<Frame>[]));
export const anyFrames = fc.array(anyFrame, { maxLength: 8 });
