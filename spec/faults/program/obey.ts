import type { Answer, Ask } from '../party.js';

/** Runs what the spec asks for by name, and ends with it. */
export function obey(commands: Readonly<Record<string, (input: never) => unknown>>): void {
  const tell = (answer: Answer) => void (process.connected && process.send?.(answer, () => {}));
  process.on('message', async ({ ask, command, input }: Ask) => {
    try {
      tell({ ask, value: await commands[command]?.(input as never) });
    } catch (thrown) {
      tell({ ask, failed: String(thrown) });
    }
  });
  process.on('disconnect', () => process.exit());
  for (const event of ['uncaughtException', 'unhandledRejection'] as const)
    process.on(event, (thrown) => {
      console.error(thrown);
      process.exit(70);
    });
}
