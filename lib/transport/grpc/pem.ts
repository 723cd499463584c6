import { X509Certificate } from 'node:crypto';
import { BusError, textOf } from '../../errors/bus-error.js';

/** A PEM text as the bytes that grpc-js takes. */
export const pem = (text: string | Uint8Array | undefined) => (text === undefined ? null : Buffer.from(text));

/** Makes credentials out of the `tls` option; throws `invalid-option` where it holds no certificates. */
export function credentialsFrom<T>(tls: { readonly ca?: string | Uint8Array }, make: () => T): T {
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
