// Defaults for options.

/** Options with the default for each one that is missing, or there and undefined. */
export function withDefaults<T extends object>(defaults: T, options: Partial<T>): T {
  const all: T = { ...defaults };
  for (const name in defaults) {
    const value = options[name];
    if (value !== undefined) all[name] = value;
  }
  return all;
}
