export { BusError, type BusErrorOptions } from './errors/bus-error.js';
export type { ErrorCode } from './errors/code.js';
export type { Hello } from './frame/frame.js';
export type { LinkPeer, PeerCertificate } from './frame/peer.js';
export type { Context, HandlerMessage, Log, Peer } from './handler/context.js';
export {
  type AnyContract,
  defineMessage,
  type HandlerInput,
  type HandlerOutput,
  type RequestContract,
  type SendInput,
  type SendOutput,
  type StreamContract,
  type StreamOf,
} from './handler/contract.js';
export { type Handle, type HandlerOptions, handler, type Registration } from './handler/registration.js';
export type {
  Agreement,
  Authenticate,
  HandshakeContext,
  HandshakeMiddleware,
  Identity,
  Limits,
  LocalProfile,
  Negotiate,
} from './handshake/negotiate.js';
export type {
  BusEvent,
  Contributions,
  HandlerFunction,
  HandlerInterceptor,
  Observe,
} from './plugin/contributions.js';
export { describePlugins, type PluginDescription } from './plugin/describe.js';
export {
  definePlugin,
  type Manifest,
  type Plugin,
  type PluginContext,
  type Role,
} from './plugin/manifest.js';
