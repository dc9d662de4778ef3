/** Cases as data: the requirements on a protocol core, a client, a transport and a server. */
export { CaseError } from './assert.ts';
export {
  type Case,
  type CaseReport,
  missingNeed,
  runCase,
  runCases,
  type RunOptions,
} from './case.ts';
export { type Cutting, cuttings } from './chunks.ts';
export {
  type Consequence,
  faultCases,
  type FaultContext,
  FaultError,
  faultFeatures,
} from './faults/mod.ts';
export {
  fieldCases,
  type FieldClient,
  type FieldContext,
  foreignClient,
  type JudgedClient,
  memcacheCases,
  type MemcacheContext,
  memcacheFeatures,
  type MetaContext,
  metaOnlyCases,
  oneServerCases,
  type OneServerContext,
} from './memcache/mod.ts';
export {
  authCases,
  isSince,
  RawConnection,
  ReplyMismatch,
  serverCases,
  type ServerContext,
  serverFeatures,
} from './server/mod.ts';
export {
  type MetaModel,
  type ModelAnswer,
  ModelServer,
  type ServerModel,
  serverModel,
  serverModels,
} from './servers/mod.ts';
export {
  type EndingListener,
  halfCloseTransportCases,
  type HalfCloseTransportContext,
  tlsTransportCases,
  type TlsTransportContext,
  transportCases,
  type TransportContext,
} from './transport/mod.ts';
export { wireCases } from './wire/mod.ts';
