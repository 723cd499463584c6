import { fileURLToPath } from 'node:url';
import { type Pair, startMs } from './pair.js';
import { Program } from './program.js';

const programOf = (name: 'hub' | 'worker', ...args: readonly string[]) =>
  new Program(`Drumline's ${name}`, process.execPath, [
    fileURLToPath(new URL(`./program/${name}.js`, import.meta.url)),
    ...args,
  ]);

export const drumlineHub = (): Program => programOf('hub');

export const drumlineWorker = (address: string): Program => programOf('worker', address);

export async function drumlinePair(): Promise<Pair> {
  const hub = drumlineHub();
  const worker = drumlineWorker((await hub.needs('ready', startMs)).address);
  await worker.needs('ready', startMs);
  return { hub, worker };
}
