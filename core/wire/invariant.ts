// Assertions about the state of this package's own machines.

/**
 * Throws when something that must always hold does not: a bug in this package. It throws a plain
 * Error, as no caller should catch it.
 */
export function assertInvariant(holds: boolean, what: string): void {
  if (!holds) throw new Error(`broken invariant: ${what}`);
}
