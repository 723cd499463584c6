import { BusError, textOf } from '../errors/bus-error.js';
import { cut, isBusError } from './fault.js';
import type { Part } from './payload.js';
import type { Schema, SchemaIssue, SchemaResult } from './standard-schema.js';

/** An issue of a validator, as it travels in `details.issues`. */
interface Issue {
  readonly message: string;
  readonly path: readonly string[];
}

/**
 * The value as a schema gives it, at once if the schema decides at once, else a promise. Gives (throws, or rejects
 * with) `invalid-payload` for a value that does not fit, with the first ten `details.issues`, and for a validator
 * that fails itself.
 */
export function check(schema: Schema, value: unknown, type: string, part: Part): unknown {
  try {
    const result = schema['~standard'].validate(value);
    return 'then' in result ? later(result, type, part) : accepted(result, type, part);
  } catch (thrown) {
    throw problem(thrown, type, part);
  }
}

async function later(result: Promise<SchemaResult<unknown>>, type: string, part: Part): Promise<unknown> {
  try {
    return accepted(await result, type, part);
  } catch (thrown) {
    throw problem(thrown, type, part);
  }
}

function accepted(result: SchemaResult<unknown>, type: string, part: Part): unknown {
  if (result.issues === undefined) return result.value;
  const issues = result.issues.slice(0, 10).map(issueOf);
  const [first] = issues;
  const where = first?.path.length ? ` at ${first.path.join('.')}` : '';
  const more = result.issues.length > 1 ? ` (and ${result.issues.length - 1} more)` : '';
  throw new BusError(
    'invalid-payload',
    `the ${part} of '${type}' does not fit its contract: ${first?.message ?? 'no reason given'}${where}${more}`,
    { details: { issues } },
  );
}

function issueOf({ message, path = [] }: SchemaIssue): Issue {
  const keys = path.slice(0, 32).map((step) => (typeof step === 'object' ? step.key : step));
  return { message: cut(String(message), 256), path: keys.map((key) => cut(String(key), 64)) };
}

/** What `accepted` found, or the validator's own failure. */
function problem(thrown: unknown, type: string, part: Part): BusError {
  if (isBusError(thrown) && thrown.code === 'invalid-payload') return thrown;
  const text = `the validator for the ${part} of '${type}' failed: ${textOf(thrown)}`;
  return new BusError('invalid-payload', text, { cause: thrown });
}
