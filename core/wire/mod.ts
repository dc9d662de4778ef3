/** Commands and replies as values, and the state machines that turn them into bytes and back. */
export { checkCommand, MAX_VALUE } from './check-command.ts';
export {
  ClientConnection,
  type ClientConnectionOptions,
  clientConnectionOptions,
  type ClientEvent,
} from './client-connection.ts';
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
  requestOptions,
  type StorageHeader,
} from './decode-command.ts';
export { ReplyDecoder, type ReplyLimits, replyLimits } from './decode-reply.ts';
export { encodeCommand } from './encode-command.ts';
export { encodeReply } from './encode-reply.ts';
export * from './errors.ts';
export { checkKey, keyBytes, MAX_KEY } from './key.ts';
export { MAX_LINE } from './line.ts';
export { type FlagArgument, flagArgument, hasQuiet, MAX_OPAQUE, metaFlags } from './meta-flags.ts';
export { classOf, isIdempotent, isQuiet, isSilenced, replyShape } from './command-facts.ts';
export * from './reply.ts';
export {
  ServerConnection,
  type ServerConnectionOptions,
  serverConnectionOptions,
  type ServerEvent,
} from './server-connection.ts';
export type { Spoken } from './proof.ts';
export { toText } from './to-text.ts';
export { type VerbNote, verbNotes } from './verb-notes.ts';
export { type ReplyShape, type StatusWord, type Verb, type VerbRow, verbs } from './verbs.ts';
