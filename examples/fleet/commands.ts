import type { Answer, Ask, Told } from './report.js';
import { textOf } from './text.js';

/** What a child can be told to do. Input and result travel as JSON. */
export type Commands = Readonly<Record<string, (input: never) => unknown>>;

const orphaned = () => process.exit();

/** Lets go of the director. Whatever else this process holds on to keeps it alive. */
export function part(): void {
  process.off('disconnect', orphaned);
  process.disconnect();
}

export const tell = (told: Told): void => send(told);

/** Runs the director's commands from now on. The process ends with its director, whatever that one died of. */
export function obey(commands: Commands): void {
  process.on('message', (message) => void run(commands, message as Ask));
  process.once('disconnect', orphaned);
  // A terminal sends Ctrl-C to all processes: the director decides.
  process.on('SIGINT', () => {});
}

async function run(commands: Commands, { ask, command, input }: Ask): Promise<void> {
  try {
    send({ answer: ask, value: await commands[command]?.(input as never) });
  } catch (thrown) {
    send({ answer: ask, failed: `${command}: ${textOf(thrown)}` });
  }
}

function send(message: Told | Answer): void {
  if (process.connected) process.send?.(message, () => {});
}
