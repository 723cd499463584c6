import { availableParallelism } from 'node:os';
import { outboxCapacity } from './rule.js';
import type { Memory, Result } from './trial.js';

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

const memory = ({ before, most }: Memory): string => `${whole(before)} | ${whole(most)}`;

/** Says on what it runs, and begins the table. */
export const header = (seconds: number): string =>
  [
    `1 KiB messages from a hub whose outbox has ${whole(outboxCapacity)} places to one worker that handles 5,000 a second, ` +
      `offered for ${seconds} s each; Node.js ${process.versions.node}, ${availableParallelism()} cores. Memory (RSS) in MB.`,
    '',
    '| rule | offered | a second | taken | dropped | rejected | handled | hub at first | hub at most | worker at first | worker at most | latest beat, ms | promises |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- |',
  ].join('\n');

export function row(
  { rule, sum, handled, hub, worker, worstBeatMs, wrong }: Result,
  seconds: number,
): string {
  const { offered, taken, dropped, rejected } = sum;
  const counts = [offered, offered / seconds, taken, dropped, rejected, handled].map(whole);
  const cells = [rule.name, ...counts, memory(hub), memory(worker), whole(worstBeatMs)];
  return `| ${cells.join(' | ')} | ${wrong.length === 0 ? 'kept' : wrong.join('; ')} |`;
}
