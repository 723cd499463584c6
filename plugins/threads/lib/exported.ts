import type { Order } from './order.js';
import { Refusal } from './refusal.js';

type Handle = (message: unknown, context: unknown) => unknown;

const found = new Map<string, Handle>();

/** The function that a module exports; throws, saying what is there instead. */
export async function exported({ module, export: name }: Order, type: string): Promise<Handle> {
  const place = `${module} ${name}`;
  const known = found.get(place);
  if (known !== undefined) return known;
  const exports = await loaded(module, type);
  const value = exports[name];
  if (typeof value !== 'function') {
    const instead =
      name in exports
        ? `exports a ${typeof value} as '${name}', not a function`
        : `has no export '${name}': it has ${Object.keys(exports).slice(0, 16).join(', ') || 'none'}`;
    throw new Refusal(
      'handler-failed',
      `handler '${type}' cannot run: its module ${fileOf(module)} ${instead}`,
    );
  }
  found.set(place, value as Handle);
  return value as Handle;
}

async function loaded(module: string, type: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(module);
  } catch (thrown) {
    // Texts of the loader name paths of this machine, and this text goes to the peer: the log gets the stack.
    const { code, message, stack } = (thrown ?? {}) as { code?: unknown; message?: unknown; stack?: unknown };
    const why = code ?? message ?? thrown;
    const refusal = new Error(
      `handler '${type}' cannot run: its module ${fileOf(module)} cannot be loaded in a thread (${String(why)})`,
    );
    refusal.stack = `${refusal.message}\n${String(stack ?? '')}`;
    throw refusal;
  }
}

function fileOf(module: string): string {
  const { protocol, pathname } = new URL(module);
  return protocol === 'file:' ? `'${decodeURIComponent(pathname.split('/').pop() ?? '')}'` : `(${protocol})`;
}
