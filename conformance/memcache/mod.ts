import type { Case } from '../case.ts';
import { bulkCases } from './bulk-cases.ts';
import { clientCases } from './client-cases.ts';
import {
  guarded,
  type MemcacheContext,
  type MetaContext,
  type OneServerContext,
} from './context.ts';
import { itemCases } from './item-cases.ts';
import { keyCases } from './key-cases.ts';
import { metaCases } from './meta-cases.ts';
import { administrationCases } from './one-server-cases.ts';

export {
  type MemcacheContext,
  memcacheFeatures,
  type MetaContext,
  type OneServerContext,
} from './context.ts';
export { faultCases, type FaultContext } from './fault-cases.ts';
export type { FieldClient, FieldContext } from './field-case.ts';
export { fieldCases } from './field-cases.ts';
export { foreignClient, type JudgedClient } from './judged-client.ts';

/**
 * What a client must do, method by method, in every dialect, with one server or many. What a case
 * needs besides is told by `memcacheFeatures`.
 */
export const memcacheCases: readonly Case<MemcacheContext>[] = [
  ...itemCases,
  ...keyCases,
  ...bulkCases,
  ...clientCases,
].map(guarded);

/** What memwire's own clients must do with the meta commands. */
export const metaOnlyCases: readonly Case<MetaContext>[] = metaCases.map(guarded);

/** What a client of one server must do with the server itself. */
export const oneServerCases: readonly Case<OneServerContext>[] = administrationCases.map(guarded);
