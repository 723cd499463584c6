/** What an expression of PromQL takes for granted. */
export interface Uses {
  /** Names of series, histograms with their ending, each with the labels that it is selected by. */
  readonly series: readonly { readonly name: string; readonly selectedBy: readonly string[] }[];
  /** Labels that it groups by. */
  readonly groupedBy: readonly string[];
}

const functions = new Set(['rate', 'increase', 'histogram_quantile']);
const aggregations = new Set(['sum', 'min', 'max', 'avg', 'count']);
const token = /"(?:[^"\\]|\\.)*"|\$?[a-zA-Z_:][a-zA-Z0-9_:]*|\d+(?:\.\d+)?|=~|!~|!=|[-+*/()[\]{},=<>]|\S/g;
const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Reads as much of PromQL as the dashboard needs. Throws for anything else, functions it does not know included. */
export function usesOf(expression: string): Uses {
  const tokens = expression.match(token) ?? [];
  const series: { name: string; selectedBy: string[] }[] = [];
  const groupedBy: string[] = [];
  let at = 0;
  let depth = 0;
  const refuse = (): never => {
    throw new Error(`cannot read '${tokens[at] ?? 'the end'}' in ${expression}`);
  };
  const take = (what?: string | RegExp): string => {
    const taken = tokens[at] ?? refuse();
    if (typeof what === 'string' ? taken !== what : what !== undefined && !what.test(taken)) refuse();
    at += 1;
    return taken;
  };
  const list = (end: string, each: () => void): void => {
    while (tokens[at] !== end) {
      each();
      if (tokens[at] !== end) take(',');
    }
    take(end);
  };
  const grouping = () => {
    take('by');
    take('(');
    list(')', () => groupedBy.push(take(name)));
  };
  while (at < tokens.length) {
    const word = take();
    if (aggregations.has(word)) {
      if (tokens[at] === 'by') grouping();
      if (tokens[at] !== '(') refuse();
    } else if (functions.has(word)) {
      if (tokens[at] !== '(') refuse();
    } else if (name.test(word)) {
      const selectedBy: string[] = [];
      if (tokens[at] === '{') {
        take('{');
        list('}', () => {
          selectedBy.push(take(name));
          take(/^(?:=|!=|=~|!~)$/);
          take(/^"/);
        });
      }
      if (tokens[at] === '[') {
        take('[');
        take('$__rate_interval');
        take(']');
      }
      if (tokens[at] === '(') refuse();
      series.push({ name: word, selectedBy });
    } else if (word === '(') depth += 1;
    else if (word === ')') depth -= 1;
    else if (!/^(?:[-+*/,]|\d.*)$/.test(word)) {
      at -= 1;
      refuse();
    }
    if (depth < 0) refuse();
  }
  if (depth !== 0) refuse();
  return { series, groupedBy };
}
