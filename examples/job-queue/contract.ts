import { defineMessage } from 'drumline';

export interface Task {
  readonly job: number;
  readonly ms: number;
}

export interface Result {
  readonly value: number;
  /** The process that did it. */
  readonly pid: number;
  /** Which attempt of its request it was. */
  readonly attempt: number;
}

/** One job. Its result depends on nothing but its number, so that doing it again does no harm. */
export const Job = defineMessage<Task, Result>('job');

/** A process tells the hub that it begins a job, before it does. */
export const Begun = defineMessage<{ readonly job: number; readonly pid: number }>('job.begun');

export const squareOf = (job: number): number => job * job;
