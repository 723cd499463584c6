// What the files of the plugin door load: tells which of the packages behind dependency injection are there, before and
// after the injection itself is imported.
import { createRequire } from 'node:module';

const loaded = () => ({
  polyfill: 'getMetadata' in Reflect,
  packages: ['tsyringe', 'reflect-metadata'].filter((name) =>
    Object.keys(createRequire(import.meta.url).cache).some((path) => path.includes(`/node_modules/${name}/`)),
  ),
});

const { handles } = await import('../../../lib/handler/handles.js');
const { inject, injectable, parametersOf } = await import('../../../lib/services/inject.js');
const { provider } = await import('../../../lib/services/provider.js');
const { token } = await import('../../../lib/services/token.js');

const Db = token<object>('db');
@injectable()
class Controller {
  constructor(@inject(Db) readonly db: object) {}
  @handles('render') render() {}
}
provider(token<Controller>('controller'), { class: Controller });
const parameters = parametersOf(Controller).length;

const before = loaded();
await import('../../../lib/services/tsyringe-injection.js');
console.log(JSON.stringify({ parameters, before, after: loaded() }));
