/** When silence becomes a verdict, in milliseconds. */
export interface Silence {
  /** How often a peer that lives is heard. */
  readonly intervalMs: number;
  readonly suspectAfterMs: number;
  readonly lostAfterMs: number;
}

/**
 * Says how much silence of one peer makes it suspect. When it is lost does not depend on it: that is a promise.
 *
 * Both methods answer at once. One that throws, gives a promise, or gives something else than a positive number ends
 * the detector: the fixed deadline takes its place until the session ends, and a `fault` event says so.
 */
export interface Detector {
  /**
   * A beat has come, at `at` milliseconds on a clock that never jumps; its zero means nothing. Told of beats alone:
   * all traffic is a sign of life, but only beats have a rhythm. That clock stands still while this process is held
   * up, and the beats that pile up meanwhile are told as one. Beats that the network held up come in a bunch; one that
   * answers a probe comes early.
   */
  heard(at: number): void;
  /**
   * After how many milliseconds without any sign of life the peer is suspect. Asked at each interval. What is less
   * than `intervalMs` is raised to that, since a peer that lives may be silent for so long; what is more than
   * `lostAfterMs` is cut to that.
   */
  suspectAfterMs(): number;
}

/** Makes the detector of one link, when the link is attached: what was learned of the one before does not hold for it. */
export interface MakeDetector {
  (timing: Silence): Detector;
  /** Which plugin contributed it; set by its host, to be named when it fails. */
  readonly plugin?: string;
}

/** The default: suspect after a fixed time. */
export const fixedDeadline: MakeDetector = ({ suspectAfterMs }) => ({
  heard() {},
  suspectAfterMs: () => suspectAfterMs,
});
