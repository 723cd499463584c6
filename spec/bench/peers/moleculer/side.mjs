// Two nodes over the TCP transporter with the CBOR serializer, the fastest that Moleculer has, and without what else it
// can do around a call: metrics, tracing, validation.
import moleculer from 'moleculer';
import { Window } from '../window.mjs';
import { onLoopback } from './loopback.mjs';

onLoopback();

/** A broker that looks for nobody but those whom it is told: `host:port/name` of every node, its own too. */
export function nodeOf(/** @type {string} */ nodeID, /** @type {string[]} */ urls) {
  const broker = new moleculer.ServiceBroker({
    nodeID,
    logger: false,
    serializer: 'CBOR',
    transporter: { type: 'TCP', options: { udpDiscovery: false, urls, useHostname: false } },
    metrics: false,
    tracing: false,
    validator: false,
    internalServices: false,
  });
  // What the others dial once they have heard of it.
  const { localNode } = broker.registry.nodes;
  localNode.ipList = ['127.0.0.1'];
  return broker;
}

/** @returns {import('../../contestants.mjs').Side} */
export function sideOf(/** @type {import('moleculer').ServiceBroker} */ broker, own, other) {
  let receive = (/** @type {Uint8Array} */ _payload) => {};
  const window = new Window((had) => void broker.emit(`${other}.had`, had));
  broker.createService({
    name: own,
    events: {
      [`${own}.had`]: (context) => window.told(context.params),
      [`${own}.data`]: (context) => {
        receive(context.params);
        window.received();
      },
    },
    actions: {
      echo: (context) => context.params,
      send: (context) => {
        receive(context.params);
      },
    },
  });
  return {
    publish(payload) {
      void broker.emit(`${other}.data`, payload);
      return window.sent();
    },
    request: (payload) => broker.call(`${other}.echo`, payload),
    send: (payload) => broker.call(`${other}.send`, payload),
    receive(listener) {
      receive = listener;
    },
    close: () => broker.stop(),
  };
}
