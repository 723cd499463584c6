import { generate } from 'selfsigned';

/** A key and its certificate, as PEM. */
export interface KeyPair {
  readonly key: string;
  readonly cert: string;
}

/** An authority of its own, and what it signs. */
export interface Authority {
  readonly ca: string;
  /** A pair for these DNS names and for 127.0.0.1; the first is the common name. */
  issue(...names: readonly [string, ...string[]]): Promise<KeyPair>;
}

export async function authority(name: string): Promise<Authority> {
  const root = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true },
    ],
  });
  return {
    ca: root.cert,
    async issue(...names) {
      const { private: key, cert } = await generate([{ name: 'commonName', value: names[0] }], {
        keyType: 'ec',
        algorithm: 'sha256',
        ca: { key: root.private, cert: root.cert },
        extensions: [
          { name: 'basicConstraints', cA: false },
          {
            name: 'subjectAltName',
            altNames: [...names.map((value) => ({ type: 2 as const, value })), { type: 7, ip: '127.0.0.1' }],
          },
        ],
      });
      return { key, cert };
    },
  };
}
