/**
 * For a client on a machine that is busy with other tests: a handshake may outlast the defaults.
 */
export const patience = { timeout: 10_000, connectTimeout: 10_000 } as const;
