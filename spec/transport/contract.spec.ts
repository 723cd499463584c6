import { systemClock } from '../../lib/time/clock.js';
import { grpcTransport } from '../../lib/transport/grpc/grpc-transport.js';
import { memoryNetwork } from '../../lib/transport/memory/memory-network.js';
import { authority } from './certificates.js';
import { transportContract } from './contract.js';

const overGrpc = {
  listening: grpcTransport(),
  dialling: grpcTransport(),
  address: '127.0.0.1:0',
  nobody: '127.0.0.1:1',
  frees: true,
};

transportContract('gRPC', () => overGrpc);

transportContract('gRPC with TLS', async () => {
  const trusted = await authority('fleet');
  return { ...overGrpc, serverTls: await trusted.issue('hub.test'), clientTls: { ca: trusted.ca } };
});

transportContract('gRPC with mutual TLS', async () => {
  const { ca, issue } = await authority('fleet');
  const [hub, worker] = await Promise.all([issue('hub.test'), issue('worker.test')]);
  return { ...overGrpc, serverTls: { ...hub, ca }, clientTls: { ...worker, ca } };
});

transportContract('the memory network', () => {
  const network = memoryNetwork({ clock: systemClock });
  return {
    listening: network.transport('hub-host'),
    dialling: network.transport('worker-host'),
    address: 'hub',
    nobody: 'nobody',
    // What arrives is what was written, and no copy.
    frees: false,
  };
});
