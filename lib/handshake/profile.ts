/** The protocol majors that this SDK speaks. */
export const protocolRange = { min: 1, max: 1 } as const;

/** What this SDK can do beyond the baseline, by the names used on the wire. */
export const features: readonly string[] = ['credit', 'resume', 'streams', 'chunks', 'pulse'];
