import type { Case } from '../case.ts';
import { bulkCases } from './bulk-cases.ts';
import type { MemcacheContext } from './context.ts';
import { itemCases } from './item-cases.ts';
import { oneServerCases } from './one-server-cases.ts';

export type { MemcacheContext } from './context.ts';
export { metaOnlyCases } from './meta-cases.ts';

/** What a client must do, method by method, in every dialect. */
export const memcacheCases: readonly Case<MemcacheContext>[] = [
  ...itemCases,
  ...bulkCases,
  ...oneServerCases,
];
