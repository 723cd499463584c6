import type { PeerCertificate as NodeCertificate } from 'node:tls';
import type { PeerCertificate } from '../../frame/peer.js';

// Node.js puts a name that holds a comma in quotes.
const altNames = /(?:[^,"]|"(?:[^"\\]|\\.)*")+/g;

/** What a verified certificate says, or `undefined`: grpc-js names only certificates that TLS has verified. */
export function certificateOf(context: { sslPeerCertificate?: unknown } | null): PeerCertificate | undefined {
  const certificate = context?.sslPeerCertificate as NodeCertificate | undefined;
  if (certificate?.fingerprint256 === undefined) return undefined;
  const commonName: string | string[] | undefined = certificate.subject?.CN;
  return {
    commonName: (Array.isArray(commonName) ? commonName.at(-1) : commonName) ?? '',
    subjectAltNames: (certificate.subjectaltname ?? '').match(altNames)?.map((name) => name.trim()) ?? [],
    fingerprint256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
  };
}
