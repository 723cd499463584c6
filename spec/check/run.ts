import { spawnSync } from 'node:child_process';
import { root } from '../house/sources.js';

/** How a command ended, and all that it said. */
export interface Ended {
  /** Exit code; null if it was still running at its limit. */
  readonly code: number | null;
  readonly text: string;
}

/** Runs one command to its end, at most `limitMs`. `node` is the one that runs this. */
export function run(command: string, args: readonly string[], limitMs: number, cwd: string = root): Ended {
  const program = command === 'node' ? process.execPath : command;
  const ended = spawnSync(program, args, { cwd, timeout: limitMs, killSignal: 'SIGKILL', encoding: 'utf8' });
  return { code: ended.status, text: `${ended.error ?? ''}${ended.stdout ?? ''}${ended.stderr ?? ''}` };
}

/** The same; throws, with what the command said, unless it ended well. */
export function must(command: string, args: readonly string[], limitMs: number, cwd: string = root): string {
  const { code, text } = run(command, args, limitMs, cwd);
  if (code !== 0)
    throw new Error(`${command} ${args.join(' ')} ended with ${code ?? 'no code in time'}:\n${text}`);
  return text;
}
