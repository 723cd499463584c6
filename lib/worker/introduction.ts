import { randomUUID } from 'node:crypto';
import type { Hello } from '../frame/frame.js';
import { features, protocolRange } from '../handshake/profile.js';
import { sdkVersion } from '../session/option.js';
import type { WorkerOptions } from './option.js';

/** The part of a greeting that is the same at every dial of one worker. */
export type Introduction = Omit<Hello, 'handles' | 'credit' | 'resumeToken' | 'received' | 'extra'>;

export const introduction = (
  worker: string,
  { version, application, labels = {}, requires = [] }: WorkerOptions,
  maxPayloadBytes: number,
  pulse: boolean,
): Introduction => ({
  kind: 'hello',
  protocolMin: protocolRange.min,
  protocolMax: protocolRange.max,
  sdk: sdkVersion,
  ...(application === undefined ? {} : { application }),
  ...(version === undefined ? {} : { version }),
  worker,
  incarnation: randomUUID(),
  labels,
  features: pulse ? features : features.filter((feature) => feature !== 'pulse'),
  requires,
  maxPayloadBytes,
});
