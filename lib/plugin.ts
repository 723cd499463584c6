export { BusError, type BusErrorOptions } from './errors/bus-error.js';
export type { ErrorCode } from './errors/code.js';
export type { Hello } from './frame/frame.js';
export type { LinkPeer, PeerCertificate } from './frame/peer.js';
export type { CallOptions, Published, PublishOptions } from './handler/call-option.js';
export type { Codec } from './handler/codec.js';
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
export type { Executor } from './handler/executor.js';
export type { HandlerModule } from './handler/handler-module.js';
export { handles } from './handler/handles.js';
export {
  type Handle,
  type HandlerOptions,
  handler,
  type ModuleOptions,
  type Registration,
} from './handler/registration.js';
export {
  type AllTarget,
  type AnyTarget,
  all,
  any,
  type Labels,
  type OneTarget,
  type Target,
} from './handler/target.js';
export type {
  HubVerbs,
  SendContext,
  SendFunction,
  SendMessage,
  VerbName,
  WorkerVerbs,
} from './handler/verbs.js';
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
export { HUB, PEER, WORKER } from './plugin/built-in.js';
export type {
  BusEvent,
  Contributions,
  HandlerFunction,
  HandlerInterceptor,
  Interceptor,
  Observe,
  ObserverContext,
  SendInterceptor,
} from './plugin/contributions.js';
export { describe, type PluginDescription } from './plugin/describe.js';
export {
  definePlugin,
  type Manifest,
  type Plugin,
  type PluginContext,
  type Role,
} from './plugin/manifest.js';
export type { Stats } from './plugin/stats.js';
export { inject, injectable } from './services/inject.js';
export { type InjectableClass, type Provider, provider, type Source } from './services/provider.js';
export type { Services } from './services/services.js';
export { type Token, token } from './services/token.js';
export type { Detector, MakeDetector, Silence } from './time/detector.js';
