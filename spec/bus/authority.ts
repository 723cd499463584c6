import { generate } from 'selfsigned';

/** Key and certificate of one party, and the authority that it trusts, as PEM. */
export interface Papers {
  readonly ca: string;
  readonly key: string;
  readonly cert: string;
}

type Subject = Parameters<typeof generate>[0];
const named = (value: string): Subject => [{ name: 'commonName', value }];
const form = { keyType: 'ec', algorithm: 'sha256' } as const;
const day = 24 * 60 * 60 * 1_000;

/** An authority that issues papers for 127.0.0.1. A certificate ends after `days`, counted from now; it began a year before. */
export async function issuer(name: string): Promise<(commonName: string, days?: number) => Promise<Papers>> {
  const root = await generate(named(name), {
    ...form,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true },
    ],
  });
  return async (commonName, days = 1) => {
    const now = Date.now();
    const { private: key, cert } = await generate(named(commonName), {
      ...form,
      ca: { key: root.private, cert: root.cert },
      notBeforeDate: new Date(now - 365 * day),
      notAfterDate: new Date(now + days * day),
      extensions: [
        { name: 'basicConstraints', cA: false },
        { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
      ],
    });
    return { ca: root.cert, key, cert };
  };
}
