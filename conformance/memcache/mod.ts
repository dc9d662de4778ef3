import type { Case } from '../case.ts';
import { bulkCases } from './bulk-cases.ts';
import { clientCases } from './client-cases.ts';
import type { MemcacheContext } from './context.ts';
import { itemCases } from './item-cases.ts';
import { keyCases } from './key-cases.ts';

export {
  type MemcacheContext,
  memcacheFeatures,
  type MetaContext,
  type OneServerContext,
} from './context.ts';
export { faultCases, type FaultContext } from './fault-cases.ts';
export { foreignClient, type JudgedClient } from './judged-client.ts';
export { metaOnlyCases } from './meta-cases.ts';
export { oneServerCases } from './one-server-cases.ts';

/**
 * What a client must do, method by method, in every dialect, with one server or many. What a case
 * needs besides is told by `memcacheFeatures`.
 */
export const memcacheCases: readonly Case<MemcacheContext>[] = [
  ...itemCases,
  ...keyCases,
  ...bulkCases,
  ...clientCases,
];
