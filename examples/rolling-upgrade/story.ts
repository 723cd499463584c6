import type { Census } from 'drumline';

const begin = performance.now();

/** Seconds since the beginning. */
export const elapsed = (): string => ((performance.now() - begin) / 1_000).toFixed(1);

export const say = (text: string): void => console.log(`${elapsed().padStart(5)} s  ${text}`);

/** `hub 2.32.0   2.31.4 #######   2.32.0 ###`: one mark for each worker. */
export function drawn({ hub, versions }: Census): string {
  const rows = [...versions].sort((a, b) => `${a.version}`.localeCompare(`${b.version}`));
  const texts = rows.map(({ version, workers }) => `${version} ${'#'.repeat(workers.length)}`);
  return `hub ${hub}   ${texts.join('   ')}`;
}

/** What was promised, and whether it held. */
export class Promises {
  #kept = 0;
  #broken = 0;

  note(promise: string, kept: boolean, figures: string): void {
    if (kept) this.#kept += 1;
    else this.#broken += 1;
    console.log(`  ${kept ? 'kept  ' : 'BROKEN'}  ${promise}: ${figures}`);
  }

  get allKept(): boolean {
    return this.#broken === 0 && this.#kept > 0;
  }
}
