// The lists of client cases.
import type { Case } from '../case.ts';
import { bulkCases } from './bulk-cases.ts';
import { cacheCases } from './cache-cases.ts';
import { clientCases } from './client-cases.ts';
import {
  guarded,
  type MemcacheContext,
  type MetaContext,
  type OneServerContext,
} from './context.ts';
import { itemCases } from './item-cases.ts';
import { keyCases } from './key-cases.ts';
import { patternCases } from './pattern-cases.ts';
import { metaCases } from './meta-cases.ts';
import { administrationCases } from './one-server-cases.ts';

export {
  type MemcacheContext,
  memcacheFeatures,
  type MetaContext,
  type OneServerContext,
} from './context.ts';
export type { FieldClient, FieldContext } from './field-case.ts';
export { fieldCases } from './field-cases.ts';
export { foreignClient, type JudgedClient } from './judged-client.ts';

/**
 * Requirements on a client, method by method, in every dialect, with one server or many. The needs
 * of cases are explained by `memcacheFeatures`.
 */
export const memcacheCases: readonly Case<MemcacheContext>[] = [
  ...itemCases,
  ...keyCases,
  ...bulkCases,
  ...cacheCases,
  ...clientCases,
  ...patternCases,
].map(guarded);

/** Requirements on memwire's own clients: the meta commands. */
export const metaOnlyCases: readonly Case<MetaContext>[] = metaCases.map(guarded);

/** Requirements on a client of one server: its administration. */
export const oneServerCases: readonly Case<OneServerContext>[] = administrationCases.map(guarded);
