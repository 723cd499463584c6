// Four small plugins, put together in code: they are listed, checked, started in order, and stopped in reverse.
import {
  BusError,
  createHub,
  createWorker,
  defineMessage,
  definePlugin,
  describe,
  handler,
  type Plugin,
  provider,
  token,
} from 'drumline';

const Add = defineMessage<{ a: number; b: number }, number>('add');
const LEDGER = token<string[]>('ledger');
const steps: string[] = [];

const manifest = (name: string, requires: Record<string, string> = {}) => ({
  name,
  version: '1.0.0',
  engines: { drumline: '^0.1.0' },
  requires,
});

/** Notes its steps, so that the order can be seen. */
const noted = (plugin: Plugin): Plugin =>
  definePlugin({
    ...plugin,
    start: () => void steps.push(`start ${plugin.manifest.name}`),
    stop: () => void steps.push(`stop ${plugin.manifest.name}`),
  });

const ledger = (entries: string[]) =>
  noted({
    manifest: manifest('ledger'),
    contributes: { providers: [provider(LEDGER, { value: entries })] },
  });

const audit = () =>
  noted({
    manifest: manifest('audit', { ledger: '^1.0.0' }),
    contributes: {
      interceptors: [
        (next) => async (message, context) => {
          const result = await next(message, context);
          context.services
            .get(LEDGER)
            .push(`${context.from.id} ${message.type} = ${result} (${message.headers.trace})`);
          return result;
        },
      ],
    },
  });

const tracing = () => {
  let calls = 0;
  return noted({
    manifest: manifest('tracing'),
    contributes: {
      interceptors: [
        {
          send: (next) => (message, context) => {
            calls += 1;
            return next({ ...message, headers: { ...message.headers, trace: `call ${calls}` } }, context);
          },
        },
      ],
    },
  });
};

const calculator = () =>
  noted({
    manifest: manifest('calculator'),
    contributes: { handlers: [handler(Add, ({ payload: { a, b } }) => a + b)] },
  });

const entries: string[] = [];
const plugins = [audit(), ledger(entries), calculator()];
for (const { name, requires, contributes } of describe(plugins))
  console.log(
    `${name}: requires ${Object.keys(requires).join(', ') || 'nothing'}, handles ${contributes.handlers.join(', ') || 'nothing'}, ` +
      `provides ${contributes.providers.join(', ') || 'nothing'}`,
  );

const hub = createHub({ plugins });
const worker = createWorker({ hub: await hub.start(), id: 'w1', plugins: [tracing()] });
await worker.start();
await worker.request(Add, { a: 3, b: 4 });
await worker.request(Add, { a: 20, b: 22 });
await worker.close();
await hub.close();
console.log(steps.join(', '));
console.log(entries.join('\n'));

/** Everything that is wrong is said at once, before anything starts. */
const wrong = (): string => {
  try {
    createHub({ plugins: [audit(), calculator(), calculator()], handlers: [handler(Add, () => 0)] });
    return '';
  } catch (error) {
    if (!BusError.is(error, 'plugin')) throw error;
    return error.message;
  }
};
const problems = wrong();
console.log(problems);

const asExpected =
  steps.join() ===
    'start ledger,start audit,start calculator,start tracing,stop tracing,stop calculator,stop audit,stop ledger' &&
  entries.join() === 'w1 add = 7 (call 1),w1 add = 42 (call 2)' &&
  problems.split('\n').length === 3;
if (!asExpected) process.exitCode = 1;
