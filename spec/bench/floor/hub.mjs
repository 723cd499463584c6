import { serve } from '../serve.mjs';
import { http2WindowBytes, Pipe, path } from './pipe.mjs';

// The server has no option for its windows: they are set on each session as it begins.
function widen(server) {
  for (const http2Server of server.http2Servers.keys()) {
    http2Server.on('session', (session) => {
      session.settings({ initialWindowSize: http2WindowBytes });
      session.setLocalWindowSize(http2WindowBytes);
    });
  }
}

export const open = () => serve(path, (call, close) => new Pipe(call, close), widen);
