import { decodeBatch, encodeBatch } from '../../frame/codec.js';
import type { Hello, Refusal, Welcome } from '../../frame/frame.js';
import type { ClientTls, Transport } from '../../transport/link.js';

/** A greeting without a word in it. */
export const nothing: Hello = {
  kind: 'hello',
  labels: {},
  handles: [],
  features: [],
  requires: [],
  extra: {},
};

const long = 'v'.repeat(60_000);
const prototypes: Readonly<Record<string, string>> = JSON.parse(
  '{"__proto__": "x", "constructor": "y", "toString": "z"}',
);

const versions = [
  '',
  '   ',
  '-1',
  '0',
  '1',
  'v2',
  '1.2',
  'banana',
  '1.0.0-',
  '9'.repeat(400),
  long,
  'x'.repeat(1_000_000),
];

/** Greetings that a hub must bear, each with how it is called in a text. */
export const strangeGreetings = (usual: Hello): readonly (readonly [name: string, hello: Hello])[] => [
  ['nothing in it', nothing],
  ['no version', without(usual, 'version')],
  ...versions.map((version) => [`the version ${shown(version)}`, { ...usual, version }] as const),
  ['no SDK version', without(usual, 'sdk')],
  ['the SDK version banana', { ...usual, sdk: 'banana' }],
  ['no application', without(usual, 'application')],
  ['no id', without(usual, 'worker')],
  ['no incarnation', without(usual, 'incarnation')],
  ['no protocol', without(without(usual, 'protocolMin'), 'protocolMax')],
  ['a protocol of the future', { ...usual, protocolMin: 90, protocolMax: 99 }],
  ['no features', { ...usual, features: [] }],
  ['unknown features', { ...usual, features: [...usual.features, 'telepathy', ''] }],
  ['nothing extra', { ...usual, extra: {} }],
  ['empty values in extra', { ...usual, extra: blank(usual.extra) }],
  ['long values in extra', { ...usual, extra: { ...usual.extra, conformance: long } }],
  ['keys of prototypes in extra and labels', { ...usual, extra: prototypes, labels: prototypes }],
  ['message types that are none', { ...usual, handles: ['', '\u0000', 'x'.repeat(1_000)] }],
  [
    'a resume token that it never had',
    { ...usual, resumeToken: 'conformance', received: { seq: 9, messages: 9, bytes: 9 } },
  ],
  ['a payload limit of 0', { ...usual, maxPayloadBytes: 0 }],
];

const shown = (text: string): string => (text.length > 40 ? `of ${text.length} characters` : `'${text}'`);
const blank = (extra: Hello['extra']): Hello['extra'] =>
  Object.fromEntries(Object.keys(extra).map((key) => [key, '']));

function without(hello: Hello, field: keyof Hello): Hello {
  const { [field]: _, ...rest } = hello;
  return rest as Hello;
}

/** Greets by hand over a link of its own; gives the answer, or `undefined` if none came before the link ended. */
export function greet(
  transport: Transport,
  address: string,
  tls: ClientTls | undefined,
  hello: Hello,
): Promise<Welcome | Refusal | undefined> {
  return new Promise((resolve) => {
    const link = transport.dial({ address, ...(tls && { tls }), maxBatchBytes: 2 ** 24 }, 'attach');
    const end = (answer?: Welcome | Refusal) => {
      resolve(answer);
      link.abort();
    };
    link.batches$.subscribe({
      next(batch) {
        for (const frame of decodeBatch(batch).frames)
          if (frame.kind === 'welcome' || frame.kind === 'refusal') return end(frame);
      },
      error: () => end(),
      complete: () => end(),
    });
    link.write(encodeBatch([hello]), () => {});
  });
}
