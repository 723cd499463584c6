// Certificates for one run. In earnest they come from the authority of your organisation, and keys stay where they are made.
import { generate } from 'selfsigned';

/** Key and certificate of one party, as PEM. */
export interface Papers {
  readonly key: string;
  readonly cert: string;
}

/** An authority of its own. */
export interface Authority {
  /** Its certificate, as PEM: whoever trusts the authority needs it. */
  readonly ca: string;
  /** Papers in that name, for a party at 127.0.0.1. */
  issue(name: string): Promise<Papers>;
}

const named = (value: string) => [{ name: 'commonName', value }];
const form = { keyType: 'ec', algorithm: 'sha256' } as const;

export async function authority(name: string): Promise<Authority> {
  const root = await generate(named(name), {
    ...form,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return {
    ca: root.cert,
    async issue(party) {
      const { private: key, cert } = await generate(named(party), {
        ...form,
        ca: { key: root.private, cert: root.cert },
        extensions: [
          { name: 'basicConstraints', cA: false },
          { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
        ],
      });
      return { key, cert };
    },
  };
}
