import { ConnectionError } from './errors.ts';

/**
 * What a command is refused with where too much is pending. Without a stack: it comes in thousands,
 * and to make one costs more than a command.
 */
export function overloaded(commands: number, bytes: number): ConnectionError {
  const full = `${commands} commands of ${bytes} bytes are pending already`;
  return withoutStack(() => new ConnectionError(full, 'not-sent', undefined, 'overloaded'));
}

/** Makes an error that has no stack trace. */
export function withoutStack<E extends Error>(make: () => E): E {
  const errors = Error as { stackTraceLimit?: number };
  const limit = errors.stackTraceLimit;
  if (typeof limit !== 'number') return make();
  errors.stackTraceLimit = 0;
  try {
    return make();
  } finally {
    errors.stackTraceLimit = limit;
  }
}
