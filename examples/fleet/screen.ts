/** Where the director shows what goes on. */
export interface Screen {
  /** A line that stays. */
  say(text: string): void;
  /** What stands below the lines until it is shown anew. */
  show(lines: readonly string[]): void;
  /** Leaves the terminal as it was. May be called more than once. */
  close(): void;
}

type Out = Pick<NodeJS.WriteStream, 'write' | 'columns'>;

/** Lines and nothing else, for a pipe or a file. */
export const plainScreen = (out: Out): Screen => ({
  say: (text) => void out.write(`${text}\n`),
  show() {},
  close() {},
});

const hideCursor = '\x1b[?25l';
const showCursor = '\x1b[?25h';
const clearBelow = '\x1b[J';
const up = (lines: number) => (lines > 0 ? `\x1b[${lines}A` : '');

/** Lines that scroll, above a table that is drawn again in its place. */
export function terminalScreen(out: Out): Screen {
  let shown: readonly string[] = [];
  let open = true;
  // A line that wraps would make the table taller than it is counted.
  const fit = (text: string) => text.slice(0, Math.max(20, (out.columns ?? 80) - 1));
  const draw = (above: string, lines: readonly string[]) => {
    const text = lines.map((line) => `${fit(line)}\n`).join('');
    out.write(`${up(shown.length)}\r${clearBelow}${above}${text}`);
    shown = lines;
  };
  out.write(hideCursor);
  return {
    say: (text) => draw(`${text}\n`, shown),
    show: (lines) => open && draw('', lines),
    close() {
      if (!open) return;
      open = false;
      draw('', []);
      out.write(showCursor);
    },
  };
}
