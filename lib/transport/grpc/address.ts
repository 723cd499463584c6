import { isIPv6 } from 'node:net';
import { BusError } from '../../errors/bus-error.js';

/** A `host:port` in parts; the host without brackets. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const forms = /^(?:\[([^[\]]+)\]|([^:[\]/\s]+)):(\d{1,5})$/;

/** Reads `host:port` or `[ipv6]:port`. Throws `invalid-option` for anything else; 0 asks for any free port. */
export function parseAddress(address: string, lowestPort: 0 | 1): HostPort {
  const [, bracketed, plain, digits] = forms.exec(address) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  const valid = host !== undefined && port >= lowestPort && port <= 65535;
  if (!valid || (bracketed !== undefined && !isIPv6(bracketed))) {
    throw new BusError(
      'invalid-option',
      `'${address}' is no address: give host:port or [ipv6]:port, with a port from ${lowestPort} to 65535`,
    );
  }
  return { host, port };
}

/** The text of an address, with brackets where the host is IPv6. */
export const formatAddress = (host: string, port: number) =>
  isIPv6(host) ? `[${host}]:${port}` : `${host}:${port}`;
