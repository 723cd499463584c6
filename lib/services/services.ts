import type { Token } from './token.js';

/**
 * The services that a plugin can see: what the application provides, its own, and those of the plugins that it
 * requires. Each is built when it is first asked for.
 */
export interface Services {
  /**
   * The service. Throws `plugin` for a token that nobody provides, or that this plugin cannot see, with the path that
   * led to it; and for a service that cannot be built.
   */
  get<T>(token: Token<T>): T;
}
