// The other end of `Child`: a process that answers commands.

/** Milliseconds of the machine's own clock, which is the same in all processes. */
export const now = () => Number(process.hrtime.bigint()) / 1e6;

export const tell = (/** @type {object} */ report) => process.send?.(report);

/**
 * Answers each command once what it gives is there. `close` ends the process.
 * @param {Record<string, (options: any) => any> & { close(): unknown }} commands
 */
export function answer(commands) {
  process.on('message', async ({ command, ...rest }) => {
    try {
      tell({ reply: command, ...(await commands[command](rest)) });
    } catch (error) {
      tell({ reply: command, error: String(error?.stack ?? error) });
    }
    if (command === 'close') process.exit(0);
  });
  process.on('disconnect', () => process.exit(0));
  tell({ reply: 'start' });
}
