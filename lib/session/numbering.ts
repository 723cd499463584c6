import { BusError } from '../errors/bus-error.js';
import type { Chunk, Frame, Message, Outcome, Received } from '../frame/frame.js';

type Numbered = Message | Outcome | Chunk;

const isNumbered = (frame: Frame): frame is Numbered =>
  frame.kind === 'message' || frame.kind === 'outcome' || frame.kind === 'chunk';

function withoutRepeated(frames: readonly Frame[], received: number): readonly Frame[] {
  let seq = received;
  return frames.filter((frame) => {
    if (!isNumbered(frame)) return true;
    if (frame.seq <= seq) return false;
    seq = frame.seq;
    return true;
  });
}

export const nothingReceived: Received = { seq: 0, messages: 0, bytes: 0 };

/**
 * Leaves out the data frames that were received before (a replay overlaps), and counts the others. Numbers ascend on
 * a link; a gap is what the sender did not keep, and is nothing to wait for. Throws `protocol` for a frame without one.
 */
export function fresh(
  frames: readonly Frame[],
  received: Received,
): { frames: readonly Frame[]; received: Received; duplicates: number } {
  let { seq, messages, bytes } = received;
  let duplicates = 0;
  let numbered = false;
  for (const frame of frames) {
    if (!isNumbered(frame)) continue;
    numbered = true;
    if (frame.seq === 0)
      throw new BusError(
        'protocol',
        `a frame '${frame.kind}' came without a number: data frames are numbered from 1`,
      );
    if (frame.seq <= seq) {
      duplicates += 1;
      continue;
    }
    seq = frame.seq;
    if (frame.kind === 'message') messages += 1;
    if (frame.kind === 'message' || (frame.kind === 'chunk' && !frame.outcome)) bytes += frame.payload.length;
  }
  // Most batches of a fleet that is idle: a beat alone.
  if (!numbered) return { frames, received, duplicates };
  const kept = duplicates === 0 ? frames : withoutRepeated(frames, received.seq);
  return { frames: kept, received: { seq, messages, bytes }, duplicates };
}
