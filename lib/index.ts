import { Hub } from './hub/hub.js';
import type { HubOptions } from './hub/option.js';
import { threadPulse } from './pulse/thread-pulse.js';
import { tsyringeInjection } from './services/tsyringe-injection.js';
import type { Platform } from './session/option.js';
import { systemClock } from './time/clock.js';
import { grpcTransport } from './transport/grpc/grpc-transport.js';
import type { WorkerOptions } from './worker/option.js';
import { Worker } from './worker/worker.js';

export { BusError, type BusErrorOptions } from './errors/bus-error.js';
export type { ErrorCode } from './errors/code.js';
export type { BeatTiming, Hello } from './frame/frame.js';
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
  Negotiate,
} from './handshake/negotiate.js';
export type { Census } from './hub/census.js';
export type { HubEvent, HubEventKind, Transition } from './hub/event.js';
export type { Explanation, Way } from './hub/explanation.js';
export type { Hub } from './hub/hub.js';
export type { Liveness, Load, WorkerInfo } from './hub/member.js';
export type { BeatOptions, HubLimits, HubOptions, Listen } from './hub/option.js';
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
export type { LaneLimits, MemoryLimits, SendLimits } from './session/option.js';
export type { Detector, MakeDetector, Silence } from './time/detector.js';
export type { ClientTls, ServerTls } from './transport/link.js';
export type { WorkerEvent, WorkerEventKind, WorkerState } from './worker/event.js';
export type { HubAddress, WorkerOptions } from './worker/option.js';
export type { Worker } from './worker/worker.js';

const platform = (): Platform => ({
  transport: grpcTransport(),
  clock: systemClock,
  injection: tsyringeInjection,
  pulse: threadPulse,
});

/** A hub over gRPC. Throws `invalid-option` and `plugin`; nothing listens before `start()`. */
export const createHub = (options: HubOptions = {}): Hub => new Hub(options, platform());

/** A worker over gRPC. Throws `invalid-option` and `plugin`; nothing is dialled before `start()`. */
export const createWorker = (options: WorkerOptions): Worker => new Worker(options, platform());
