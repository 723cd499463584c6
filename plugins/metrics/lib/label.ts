const maxLength = 255;
const unprintable = /[\p{Cc}\p{Cs}]/u;

/** What stands for a text that gets no label of its own. */
export const other = 'other';

/**
 * Texts as label values: so many, and no more. Each value is a time series for as long as the process runs, so texts
 * beyond the limit, long ones and those that cannot be shown are all `other`.
 */
export class LabelValues {
  readonly #kept = new Set<string>();

  constructor(private readonly limit: number) {}

  of(text: string): string {
    if (this.#kept.has(text)) return text;
    if (this.#kept.size >= this.limit || text.length > maxLength || unprintable.test(text)) return other;
    this.#kept.add(text);
    return text;
  }

  has(text: string): boolean {
    return this.#kept.has(text);
  }
}

/**
 * Message types as label values. Those that this process itself handles or sends have room of their own, so that names
 * which a peer made up cannot take it.
 */
export class Types {
  readonly #own = new LabelValues(200);
  readonly #foreign = new LabelValues(50);

  /** A type that is handled or sent here. */
  own(type: string): string {
    return this.#own.of(type);
  }

  /** A type that may come from the wire unchecked. */
  foreign(type: string): string {
    return this.#own.has(type) ? type : this.#foreign.of(type);
  }
}
