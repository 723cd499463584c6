import { X509Certificate } from 'node:crypto';
import { BusError, textOf } from '../../errors/bus-error.js';

/** A PEM text as the bytes that grpc-js takes. */
export const pem = (text: string | Uint8Array | undefined) => (text === undefined ? null : Buffer.from(text));

/** Makes credentials out of the `tls` option; throws `invalid-option` where it holds no certificates. */
export function credentialsFrom<T>(tls: Pems, make: () => T): T {
  const wrong = wrongIn(tls);
  if (wrong !== undefined) throw new BusError('invalid-option', `tls ${wrong}`);
  try {
    // Node.js takes an authority that is no certificate without a word, and then trusts nobody.
    if (tls.ca !== undefined) new X509Certificate(Buffer.from(tls.ca));
    return make();
  } catch (error) {
    throw new BusError('invalid-option', `the certificates in 'tls' cannot be used: ${textOf(error)}`, {
      cause: error,
    });
  }
}

type Pems = Partial<Record<(typeof parts)[number], string | Uint8Array>>;
const parts = ['key', 'cert', 'ca'] as const;

/** What Node.js would only tell in the words of OpenSSL, or not at all. */
function wrongIn(tls: Pems): string | undefined {
  if (typeof tls !== 'object' || tls === null) return `must be an object of certificates, not ${textOf(tls)}`;
  for (const part of parts) {
    const given: unknown = tls[part];
    if (given === undefined) continue;
    if (typeof given !== 'string' && !(given instanceof Uint8Array))
      return `has a ${part} that is no text and no bytes`;
    if (!Buffer.from(given as string).includes('-----BEGIN'))
      return `has a ${part} that is no PEM: give what is in the file, not its path`;
  }
  if ((tls.key === undefined) !== (tls.cert === undefined))
    return `has a ${tls.key === undefined ? 'cert without its key' : 'key without its cert'}`;
  return undefined;
}
