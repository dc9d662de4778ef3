// The lists of server cases.
import { type Case, needing } from '../case.ts';
import { adminCases } from './admin-cases.ts';
import { classicCases } from './classic-cases.ts';
import { limitCases } from './limit-cases.ts';
import { metaCases } from './meta-cases.ts';
import type { ServerContext } from './server-case.ts';

export { authCases } from './auth-cases.ts';
export { RawConnection, ReplyMismatch } from './raw-connection.ts';
export { isSince } from './since.ts';
export { type ServerContext, serverFeatures } from './server-case.ts';

/**
 * Requirements on a server, byte by byte, seen from outside. The needs of cases are explained by
 * `serverFeatures`.
 */
export const serverCases: readonly Case<ServerContext>[] = [
  ...classicCases,
  ...needing(['meta'], ...metaCases),
  ...limitCases,
  ...adminCases,
];
