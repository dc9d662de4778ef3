/** Commands and replies as values, and the state machines that turn them into bytes and back. */
export type { TextCodec } from './bytes.ts';
export { checkCommand, MAX_VALUE } from './check-command.ts';
export { ClientConnection } from './client-connection.ts';
export {
  type ClientConnectionOptions,
  clientConnectionOptions,
} from './client-connection-options.ts';
export type { ClientEvent, PlainSink } from './client-event.ts';
export {
  type ClusterConfig,
  type ClusterNode,
  readClusterConfig,
  writeClusterConfig,
} from './cluster-config.ts';
export type * from './command.ts';
export { prefixCommand, unprefixReply } from './prefix.ts';
export {
  BadRequest,
  CommandDecoder,
  type RequestOptions,
  type StorageHeader,
} from './decode-command.ts';
export { ReplyDecoder, type ReplyLimits } from './decode-reply.ts';
export { encodeCommand } from './encode-command.ts';
export { encodeReply } from './encode-reply.ts';
export * from './errors.ts';
export { checkKey, keyBytes, MAX_KEY } from './key.ts';
export { classOf, isIdempotent, isQuiet } from './command-facts.ts';
export { type PlainFlags, plainFlags, PlainReply } from './plain.ts';
export {
  clientError,
  CLOSED,
  type ClosedReply,
  type ConfigReply,
  type DebugReply,
  DELETED,
  EN,
  END,
  type EndReply,
  ERROR,
  type ErrorReply,
  EX,
  EXISTS,
  HD,
  isError,
  isItem,
  type ItemFacts,
  type LineReply,
  type LinesReply,
  type MetaReply,
  type MetaValueReply,
  MISSES,
  MN,
  NF,
  NOT_FOUND,
  NOT_STORED,
  NS,
  type NumberReply,
  OK,
  OPENED,
  type RefusedReply,
  type Reply,
  type ReplyItem,
  RESET,
  serverError,
  SILENT,
  type SilentReply,
  type StatLine,
  type StatsReply,
  type StatusReply,
  STORED,
  TOUCHED,
  type ValueItem,
  type ValuesReply,
  type VersionReply,
} from './reply.ts';
export {
  ServerConnection,
  type ServerConnectionOptions,
  serverConnectionOptions,
  type ServerEvent,
} from './server-connection.ts';
export type { LivenessOptions } from './liveness.ts';
export type { Given, Optional } from './options.ts';
export type { ProofOptions, Spoken } from './proof.ts';
export type { RingLimits } from './ring.ts';
export { toText } from './to-text.ts';
export { type VerbNote, verbNotes } from './verb-notes.ts';
export { type ReplyShape, type StatusWord, type Verb, type VerbRow, verbs } from './verbs.ts';
