// Many workers on one hub, with nothing but their connections and a beat a second each way.
import { once } from 'node:events';
import { serve } from '../serve.mjs';
import { dial, path, widen } from './grpc.mjs';
import { Pipe } from './pipe.mjs';
import { batchOf } from './wire.mjs';

const beatMs = 1000;

export async function openHub({ port, beats }) {
  /** @type {Set<Pipe>} */
  const pipes = new Set();
  let queue = [];
  let seq = 1;
  const accept = (call) => {
    const pipe = new Pipe(call);
    pipe.onBeat(beats());
    pipes.add(pipe);
    const timer = setInterval(() => pipe.beat(), beatMs);
    call.on('close', () => {
      pipes.delete(pipe);
      clearInterval(timer);
    });
  };
  const server = await serve({ path, accept, prepare: widen, port });
  return {
    address: server.address,
    joined: () => pipes.size,
    broadcast(payloads) {
      const batch = batchOf(payloads, seq);
      seq += payloads.length;
      for (const pipe of pipes) pipe.share(batch);
    },
    /** To whom it is the turn of. */
    work(payload) {
      if (queue.length === 0) queue = [...pipes];
      return queue.pop().request(payload);
    },
    close: server.close,
  };
}

export async function openWorker(/** @type {string} */ address, _id, { receive }) {
  const { call, close } = dial(address);
  const pipe = new Pipe(call, close);
  pipe.receive(receive);
  pipe.onRequest(receive);
  await once(call, 'metadata');
  const timer = setInterval(() => pipe.beat(), beatMs);
  return {
    close() {
      clearInterval(timer);
      close();
    },
  };
}
