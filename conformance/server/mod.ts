import type { Case } from '../case.ts';
import { adminCases } from './admin-cases.ts';
import { classicCases } from './classic-cases.ts';
import { limitCases } from './limit-cases.ts';
import { metaCases } from './meta-cases.ts';
import type { ServerContext } from './server-case.ts';

export { authCases } from './auth-cases.ts';
export { RawConnection } from './raw-connection.ts';
export type { ServerContext } from './server-case.ts';

/**
 * What a server must do, seen from outside, byte by byte. For a server with memcached's defaults
 * that may be flushed.
 */
export const serverCases: readonly Case<ServerContext>[] = [
  ...classicCases,
  ...metaCases,
  ...limitCases,
  ...adminCases,
];
