// The frames that are rare, as tables: name, number in bus.proto, type. The frequent ones are in hot.ts.
import type {
  Announce,
  BeatTiming,
  Bye,
  Cancel,
  Drain,
  Fault,
  Frame,
  Hello,
  Hold,
  Holder,
  Progress,
  Pull,
  Pulse,
  Received,
  Redial,
  Refusal,
  Release,
  Totals,
  Welcome,
} from './frame.js';
import { filled, type Layout, layout, nested, optional, plain, several } from './layout.js';
import { bool, map, text, texts, uint32, uint64 } from './type.js';

const timing = layout<BeatTiming>(undefined, {
  intervalMs: plain(1, uint64),
  suspectAfterMs: plain(2, uint64),
  lostAfterMs: plain(3, uint64),
  stalledAfterMs: plain(4, uint64),
});

const totals = layout<Totals>(undefined, { messages: plain(1, uint64), bytes: plain(2, uint64) });

const received = layout<Received>(undefined, {
  seq: plain(1, uint64),
  messages: plain(2, uint64),
  bytes: plain(3, uint64),
});

export const hello = layout<Hello>('hello', {
  protocolMin: optional(1, uint32),
  protocolMax: optional(2, uint32),
  sdk: optional(3, text),
  application: optional(4, text),
  version: optional(5, text),
  worker: optional(6, text),
  incarnation: optional(7, text),
  labels: plain(8, map),
  handles: plain(9, texts),
  features: plain(10, texts),
  requires: plain(11, texts),
  maxPayloadBytes: optional(12, uint64),
  resumeToken: optional(13, text),
  received: optional(14, nested(received)),
  credit: optional(15, nested(totals)),
  extra: plain(16, map),
});

const welcome = layout<Welcome>('welcome', {
  protocol: plain(1, uint32),
  sdk: plain(2, text),
  version: optional(3, text),
  worker: plain(4, text),
  epoch: plain(5, text),
  features: plain(6, texts),
  reasons: plain(7, texts),
  beat: plain(8, nested(timing)),
  maxPayloadBytes: plain(9, uint64),
  resumeToken: plain(10, text),
  received: optional(11, nested(received)),
  credit: plain(12, nested(totals)),
  handles: plain(13, texts),
  labels: plain(14, map),
  pulseToken: optional(15, text),
});

const refusal = layout<Refusal>('refusal', {
  code: plain(1, text),
  message: plain(2, text),
  retryable: plain(3, bool),
  retryAfterMs: plain(4, uint64),
  details: plain(5, map),
});

const cancel = layout<Cancel>('cancel', { re: plain(1, uint64), reason: plain(2, text) });
const hold = layout<Hold>('hold', { type: plain(1, text), held: plain(2, bool) });
const announce = layout<Announce>('announce', { handles: plain(1, texts) });
const drain = layout<Drain>('drain', {});
const bye = layout<Bye>('bye', { reason: plain(1, text), seq: plain(2, uint64) });
const pull = layout<Pull>('pull', { re: plain(1, uint64), items: plain(2, uint64) });

const release = layout<Release>('release', {
  held: plain(1, nested(totals)),
  kept: plain(2, nested(totals)),
});

const pulse = layout<Pulse>('pulse', {
  worker: plain(1, text),
  epoch: plain(2, text),
  token: plain(3, text),
});
const redial = layout<Redial>('redial', { reason: plain(1, text) });

const holder = layout<Holder>(undefined, {
  type: plain(1, text),
  plugin: plain(2, text),
  running: plain(3, bool),
});

/** Part of a beat. */
export const progress = layout<Progress>(undefined, {
  ticks: plain(1, uint64),
  stillMs: plain(2, uint64),
  delayMs: plain(3, uint64),
  holders: plain(4, several(holder)),
  cpuMs: plain(5, uint64),
  rssBytes: plain(6, uint64),
});

/** Part of an outcome. */
export const fault = layout<Fault>(undefined, {
  code: plain(1, text),
  message: plain(2, text),
  retryable: plain(3, bool),
  stack: filled(4, text),
  details: plain(5, text),
});

export type HotKind = 'beat' | 'credit' | 'ack' | 'message' | 'outcome' | 'chunk';
export type ColdKind = Exclude<Frame['kind'], HotKind>;

export const cold: Readonly<Record<ColdKind, Layout>> = {
  hello,
  welcome,
  refusal,
  cancel,
  hold,
  announce,
  drain,
  bye,
  pull,
  release,
  pulse,
  redial,
};
