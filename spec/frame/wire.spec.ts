import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import * as fc from 'fast-check';
import protobuf from 'protobufjs';
import { decodeBatch, encodeBatch } from '../../lib/frame/codec.js';
import type { Frame } from '../../lib/frame/frame.js';
import { anyFrames, kinds } from './arbitrary.js';

// The bytes are not always the same, though either side reads the other's: the payload comes last here, a default that
// was set explicitly is left out, and so is the attempt 1.

type Body = Record<string, unknown>;

const root = protobuf.loadSync(findUp('proto/drumline/v1/bus.proto'));
const Batch = root.lookupType('drumline.v1.Batch');
const FrameType = root.lookupType('drumline.v1.Frame');

/** The root of the repository, from the sources or from wherever they were compiled to. */
function findUp(path: string): string {
  for (let up = '../'; up.length < 40; up += '../') {
    const candidate = fileURLToPath(new URL(up + path, import.meta.url));
    if (existsSync(candidate)) return candidate;
  }
  throw new Error(`no ${path} above ${import.meta.url}`);
}

function toLibrary({ kind, ...body }: Frame): Body {
  const fields: Body = { ...body };
  for (const name of ['expects', 'status']) {
    if (typeof fields[name] === 'string') fields[name] = fields[name].toUpperCase();
  }
  return { [kind]: fields };
}

function fromLibrary(frame: Body): Frame {
  const [[kind, found]] = Object.entries(frame) as [[string, Body]];
  const body: Body = { kind, ...found };
  for (const name of ['expects', 'status']) {
    if (typeof body[name] === 'string') body[name] = body[name].toLowerCase();
  }
  if (body.attempt === 0) body.attempt = 1;
  if (body.headers && Object.keys(body.headers).length === 0) delete body.headers;
  if (body.progress === null) delete body.progress;
  if (body.size === 0) delete body.size;
  if (body.fault === null) delete body.fault;
  else if ((body.fault as Body | undefined)?.stack === '') delete (body.fault as Body).stack;
  if (body.payload) body.payload = new Uint8Array(body.payload as Buffer);
  return body as unknown as Frame;
}

function decodeByLibrary(bytes: Uint8Array): Frame[] {
  const batch = Batch.toObject(Batch.decode(bytes), {
    longs: Number,
    enums: String,
    bytes: Buffer,
    defaults: true,
  }) as { frames?: Body[] };
  return (batch.frames ?? []).map(fromLibrary);
}

const encodeByLibrary = (frames: readonly Frame[]) =>
  Batch.encode(Batch.fromObject({ frames: frames.map(toLibrary) })).finish();

/** Notes every field, as `Message.field`, that is there with another value than its default. */
function note(seen: Set<string>, type: protobuf.Type, message: Body): void {
  for (const field of type.fieldsArray) {
    const value = message[field.name];
    if (!Object.hasOwn(message, field.name) || value === field.typeDefault) continue;
    if (Object.keys(Object(value)).length === 0 && (field.map || field.repeated || field.type === 'bytes')) {
      continue;
    }
    seen.add(`${type.name}.${field.name}`);
    if (!(field.resolvedType instanceof protobuf.Type)) continue;
    for (const each of field.repeated ? (value as Body[]) : [value as Body])
      note(seen, field.resolvedType, each);
  }
}

describe('the wire and bus.proto', () => {
  it('have the same kinds of frames', () => {
    expect(FrameType.oneofs.kind?.oneof).to.have.members(Object.keys(kinds));
  });

  it('agree on every field of every message', () => {
    const seen = new Set<string>();
    for (const kind of Object.values(kinds)) {
      const frames = fc.sample(kind as fc.Arbitrary<Frame>, { numRuns: 60, seed: 1 });
      note(seen, Batch, Batch.decode(encodeBatch(frames)) as unknown as Body);
    }
    const types = root.lookup('drumline.v1') as protobuf.Namespace;
    const all = types.nestedArray.flatMap((each) =>
      each instanceof protobuf.Type ? each.fieldsArray.map((field) => `${each.name}.${field.name}`) : [],
    );
    expect([...seen]).to.have.members(all);
    expect(all).to.have.lengthOf.above(90);
  });

  it('give the same values when the library reads our bytes', () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        expect(decodeByLibrary(encodeBatch(frames))).to.deep.equal(frames);
      }),
      { numRuns: 400 },
    );
  });

  it("give the same frames when we read the library's bytes", () => {
    fc.assert(
      fc.property(anyFrames, (frames) => {
        expect(decodeBatch(encodeByLibrary(frames))).to.deep.equal({ frames, unknown: 0 });
      }),
      { numRuns: 400 },
    );
  });

  it('agree on the enums, number by number', () => {
    const names = (name: string) => Object.keys(root.lookupEnum(`drumline.v1.${name}`).values);
    expect(names('Expects')).to.deep.equal(['NOTHING', 'ACCEPTANCE', 'REPLY', 'STREAM']);
    expect(names('Status')).to.deep.equal(['VALUE', 'ITEM', 'DONE', 'FAULT']);
    for (const [value, name] of names('Expects').entries()) {
      const bytes = Batch.encode(Batch.fromObject({ frames: [{ message: { expects: value } }] })).finish();
      expect(decodeBatch(bytes).frames[0]).to.have.property('expects', name.toLowerCase());
    }
    for (const [value, name] of names('Status').entries()) {
      const bytes = Batch.encode(Batch.fromObject({ frames: [{ outcome: { status: value } }] })).finish();
      expect(decodeBatch(bytes).frames[0]).to.have.property('status', name.toLowerCase());
    }
  });
});
