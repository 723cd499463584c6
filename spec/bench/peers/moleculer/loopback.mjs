// Moleculer's TCP transporter takes no address to listen on and would listen on all. Here it must be loopback alone.
import { Server } from 'node:net';

const listen = Server.prototype.listen;

export function onLoopback() {
  Server.prototype.listen = function (options, ...rest) {
    const where =
      typeof options === 'object' && options?.host === undefined
        ? { ...options, host: '127.0.0.1' }
        : options;
    return listen.call(this, where, ...rest);
  };
}
