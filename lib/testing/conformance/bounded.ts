import { createContext, Script } from 'node:vm';

const script = new Script('run()');
const sandbox: { run?: () => unknown } = createContext({});

/** What a synchronous call gives, or throws; one that takes longer than `ms` is cut short and throws. */
export function bounded<T>(run: () => T, ms: number): T {
  sandbox.run = run;
  return script.runInContext(sandbox, { timeout: ms }) as T;
}

/** Whether an error says that a call was cut short. */
export const wasCut = (thrown: unknown): boolean =>
  (thrown as { readonly code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
