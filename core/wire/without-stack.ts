// Errors without a stack trace, for those that come in thousands.
import { ConnectionError } from './errors.ts';

/**
 * The error of a command that is refused because too much is pending. Such errors come in thousands,
 * and a stack trace costs more than a command.
 */
export function overloaded(commands: number, bytes: number): ConnectionError {
  const full = `${commands} commands of ${bytes} bytes are pending already`;
  return withoutStack(() => new ConnectionError(full, 'not-sent', undefined, 'overloaded'));
}

/** Makes an error that has no stack trace. */
export function withoutStack<E extends Error>(make: () => E): E {
  const errors = Error as { stackTraceLimit?: number | undefined };
  const limit = errors.stackTraceLimit;
  if (typeof limit !== 'number') return make();
  errors.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    errors.stackTraceLimit = limit;
  }
}
