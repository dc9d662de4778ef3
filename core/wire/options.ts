// Options that may be left out, and their defaults.

/** Options each of which may be left out or `undefined`, which means the same. */
export type Optional<Options> = {
  readonly [Name in keyof Options]?: Options[Name] | undefined;
};

/** Options none of which is left out. */
export type Given<Options> = {
  readonly [Name in keyof Options]-?: Exclude<Options[Name], undefined>;
};

/** Options with the default for each one that is missing, or there and undefined. */
export function withDefaults<T extends object>(defaults: T, options: Optional<T>): T {
  const all: T = { ...defaults };
  for (const name in defaults) {
    const value = options[name];
    if (value !== undefined) all[name] = value;
  }
  return all;
}
