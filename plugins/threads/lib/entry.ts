// The file that each thread runs.
import { MessageChannel, parentPort, threadId } from 'node:worker_threads';
import { Desk } from './desk.js';
import type { Greeting, Order, ToThread } from './order.js';

const { port1, port2 } = new MessageChannel();
const lines = new Int32Array(new SharedArrayBuffer(4));
const desk = new Desk({
  lines,
  linesLeftOut: 0,
  post: (message, transfer = []) => port1.postMessage(message, transfer),
});
port1.on('message', (message: ToThread) => desk.hear(message));
const greeting: Greeting = { greeting: 'drumline', threadId, port: port2, lines };
parentPort?.postMessage(greeting, [port2]);

export const run = (order: Order): Promise<unknown> => desk.run(order);

/** Does nothing: that a thread can be started is all that is asked. */
export const probe = (): void => {};
