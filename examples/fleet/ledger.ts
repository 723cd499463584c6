import { textOf } from './text.js';

/** What became of one promise. */
export interface Finding {
  readonly promise: string;
  readonly verdict: 'ok' | 'broken' | 'not reached';
  readonly figures: string;
}

/** The promises that are checked, in the order of the list; each gets its finding once. */
export class Ledger<P extends string> {
  readonly #findings = new Map<P, Finding>();

  constructor(
    private readonly promises: Readonly<Record<P, string>>,
    private readonly told: (finding: Finding) => void,
  ) {}

  /** Notes whether a promise was kept. One that was broken stays broken. */
  note(promise: P, kept: boolean, figures: string): void {
    const before = this.#findings.get(promise);
    const verdict = kept && before?.verdict !== 'broken' ? 'ok' : 'broken';
    const finding: Finding = {
      promise: this.promises[promise],
      verdict,
      figures: before ? `${before.figures}; ${figures}` : figures,
    };
    this.#findings.set(promise, finding);
    this.told(finding);
  }

  /** Runs what leads to these findings. If it fails, those that it did not come to are broken, and it rejects. */
  async during<T>(promises: readonly P[], run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (thrown) {
      for (const promise of promises)
        if (!this.#findings.has(promise)) this.note(promise, false, textOf(thrown));
      throw thrown;
    }
  }

  get findings(): readonly Finding[] {
    return (Object.keys(this.promises) as P[]).map(
      (promise) =>
        this.#findings.get(promise) ?? {
          promise: this.promises[promise],
          verdict: 'not reached',
          figures: 'nothing was measured',
        },
    );
  }

  /** One sentence without its full stop; names what was broken. */
  get summary(): string {
    const { findings } = this;
    if (this.kept) return `All ${findings.length} promises were kept`;
    const of = (verdict: Finding['verdict']) => findings.filter((finding) => finding.verdict === verdict);
    const broken = of('broken').map(({ promise }) => promise);
    return (
      `Of ${findings.length} promises ${broken.length} broken${broken.length > 0 ? ` (${broken.join('; ')})` : ''} and ` +
      `${of('not reached').length} not reached`
    );
  }

  get kept(): boolean {
    return this.findings.every(({ verdict }) => verdict === 'ok');
  }
}

export const lineOf = ({ promise, verdict, figures }: Finding): string =>
  `${verdict === 'ok' ? 'ok  ' : `${verdict}: `}${promise}: ${figures}`;
