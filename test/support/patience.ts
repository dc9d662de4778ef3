/**
 * Timeouts for a client on a machine that is busy with other tests, where the defaults are too
 * short.
 */
export const patience = { timeout: 10_000, connectTimeout: 10_000 } as const;
