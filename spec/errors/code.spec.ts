import { expect } from 'chai';
import { codes, isErrorCode } from '../../lib/errors/code.js';

// The codes that the public API promises, and whether the same call may succeed later.
const promised: Readonly<Record<string, boolean>> = {
  'handshake-refused': false,
  'handshake-failed': true,
  unauthenticated: false,
  incompatible: false,
  'id-in-use': true,
  'unknown-worker': false,
  'no-worker': true,
  'peer-lost': true,
  timeout: true,
  cancelled: false,
  overflow: true,
  'too-large': false,
  unserialisable: false,
  'invalid-payload': false,
  unhandled: false,
  'handler-failed': false,
  stuck: true,
  draining: true,
  closed: false,
  protocol: false,
  plugin: false,
  unreachable: true,
};

describe('the table of codes', () => {
  for (const [code, retryable] of Object.entries(promised))
    it(`has '${code}', which is ${retryable ? '' : 'not '}worth a retry`, () => {
      expect(codes).to.have.property(code);
      expect(codes[code as keyof typeof codes].retryable).to.equal(retryable);
    });

  it('says of each code what it means and what to do', () => {
    for (const [code, { meaning, remedy }] of Object.entries(codes)) {
      expect(meaning, code).to.match(/\w+ \w+/);
      expect(remedy, code).to.match(/\w+/);
    }
  });

  it('knows a code from the wire, and none that an object merely inherits', () => {
    expect(isErrorCode('stuck')).to.equal(true);
    for (const strange of ['', 'STUCK', 'constructor', '__proto__', 'toString', 'teleport'])
      expect(isErrorCode(strange), strange).to.equal(false);
  });
});
