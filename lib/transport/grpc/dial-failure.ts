import { type ServiceError, status } from '@grpc/grpc-js';
import { BusError } from '../../errors/bus-error.js';

/** What grpc-js and OpenSSL say when no link comes about, and what it means to whoever has to mend it. */
const meanings: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, 'nothing listens there (connection refused)'],
  [/ENOTFOUND|EAI_AGAIN|Name resolution failed/i, 'its host name is not known'],
  [/ENETUNREACH|EHOSTUNREACH|ENETDOWN/, 'there is no route to it'],
  [/ETIMEDOUT/, 'it does not answer'],
  [/altnames|ALTNAME/i, 'its certificate is for another name'],
  [/expired/i, 'a certificate has expired'],
  [
    /alert.*certificate|certificate required|alert unknown ca/i,
    'it does not accept the certificate of this side',
  ],
  [/certificate|self.signed|UNABLE_TO_/i, 'its certificate is not trusted'],
  [/wrong.version.number|packet length too long|http request/i, 'it does not speak TLS'],
  [/alert|EPROTO|ssl3|before secure TLS/i, 'the TLS handshake failed'],
];

/** Why a call that never had an answer failed: `unreachable`, in words, with the library's own text as well. */
export function unreachable(address: string, error: ServiceError, encrypted: boolean): BusError {
  const details = (error.details ?? error.message).replace(/^No connection established\. Last error: /, '');
  const text = details.replace(/\s*(\(\d{4}-[^)]*Z\))?\.? Resolution note:.*$/s, '');
  let meaning = meanings.find(([pattern]) => pattern.test(text))?.[1];
  if (error.code === status.UNIMPLEMENTED) meaning = 'what answers there is no hub';
  meaning ??= encrypted
    ? 'the connection broke before it answered; it may be no hub, or not accept the certificate of this side'
    : 'the connection broke before it answered; it may want TLS, or be no hub';
  return new BusError('unreachable', `cannot reach ${address}: ${meaning} [${text}]`, {
    details: { address },
    cause: error,
  });
}

/** Why a link that had its answer broke. */
export function broken(address: string, error: ServiceError): BusError {
  const text = `the link to ${address} broke: ${error.details ?? error.message}`;
  const reset = /RST_STREAM|Connection dropped/.test(error.details ?? '');
  const faulty = [status.RESOURCE_EXHAUSTED, status.INTERNAL, status.UNIMPLEMENTED].includes(error.code);
  return new BusError(faulty && !reset ? 'protocol' : 'peer-lost', text, {
    details: { address },
    cause: error,
  });
}
