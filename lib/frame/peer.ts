/** What the transport itself knows of the other side; nothing that the peer merely says. */
export interface LinkPeer {
  /** Where it is, as the transport names it: `ip:port`, or a host of the memory network. */
  readonly address: string;
  /** The verified certificate, if the peer showed one. */
  readonly certificate?: PeerCertificate;
}

/** A certificate that the transport has verified against its authorities. */
export interface PeerCertificate {
  readonly commonName: string;
  readonly subjectAltNames: readonly string[];
  /** SHA-256 of the certificate in DER, in lower-case hex. */
  readonly fingerprint256: string;
}
