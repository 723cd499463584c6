import { expect } from 'chai';
import { z } from 'zod';
import { BusError } from '../../lib/errors/bus-error.js';
import type { Reply } from '../../lib/handler/call.js';
import { standardCodecs } from '../../lib/handler/codec.js';
import { type AnyContract, defineMessage } from '../../lib/handler/contract.js';
import { decodeReply as decoded } from '../../lib/handler/decode-reply.js';
import { faultOf } from '../../lib/handler/fault.js';
import { encodePayload } from '../../lib/handler/payload.js';
import { noUnhandledRejections } from './rejections.js';

const decodeReply = (contract: AnyContract, reply: Reply) => decoded(contract, reply, standardCodecs);
const empty = { payload: new Uint8Array(0), codec: '' };
const value = (given: unknown) => ({ status: 'value', ...encodePayload(given) }) as const;
const Length = defineMessage('length', { reply: z.string().transform((text) => text.length) });
const Lines = defineMessage('lines', { stream: z.string().min(2) });

describe('the reply of a request', () => {
  noUnhandledRejections();

  it('is what the schema makes of it, at once if the schema decides at once', async () => {
    expect(decodeReply(Length, value('abc'))).to.equal(3);
    const Later = defineMessage('later', { reply: z.string().refine(async () => true) });
    expect(await decodeReply(Later, value('abc'))).to.equal('abc');
  });

  it('is what came where there is no schema, and nothing for done', () => {
    expect(decodeReply(defineMessage('bare'), value({ a: 1 }))).to.deep.equal({ a: 1 });
    expect(decodeReply(Length, { status: 'done', ...empty })).to.equal(undefined);
  });

  it('is checked by the schema of the stream if it is an item', () => {
    expect(decodeReply(Lines, { ...value('abc'), status: 'item' })).to.equal('abc');
    expect(() => decodeReply(Lines, { ...value('a'), status: 'item' }))
      .to.throw(BusError, "the item of 'lines' does not fit its contract")
      .that.has.property('code', 'invalid-payload');
  });

  it('is invalid if it does not fit or cannot be read', () => {
    const invalid = (reply: Reply, text: string) =>
      expect(() => decodeReply(Length, reply))
        .to.throw(BusError, text)
        .that.has.property('code', 'invalid-payload');
    invalid(value(7), "the reply of 'length' does not fit its contract");
    invalid({ status: 'value', payload: Buffer.from('{'), codec: '' }, "the reply of 'length' is no JSON");
    invalid({ status: 'value', payload: Buffer.from('1'), codec: 'x' }, "its receiver has no codec 'x'");
  });

  it('is the error of a fault', () => {
    const fault = faultOf(new BusError('stuck', 'waits'));
    expect(() => decodeReply(Length, { status: 'fault', ...empty, fault })).to.throw(BusError, 'waits');
    expect(() => decodeReply(Length, { status: 'fault', ...empty }))
      .to.throw(BusError, "a fault for 'length'")
      .that.has.property('code', 'protocol');
  });
});
