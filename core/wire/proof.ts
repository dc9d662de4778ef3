import type { Command, MetaCommand, MetaSetCommand } from './command.ts';
import { ProtocolError } from './errors.ts';
import { isMeta } from './meta-flags.ts';
import { isError, type Reply } from './reply.ts';
import { isQuiet } from './quiet.ts';
import { fitsText } from './to-text.ts';
import { verbs } from './verbs.ts';

/**
 * What a connection is proved to speak. `unproven`: no data block may leave on it. `meta`: misses
 * carry their opaque. `text`: the classic commands only.
 */
export type Spoken = 'unproven' | 'meta' | 'text';

/** A key that nobody stores. */
const KEY = 'memwire-probe';

/**
 * What proves meta: a miss that comes back with its opaque and its key (memcached from 1.6.18, and
 * its proxy). Servers from 1.6.10 to 1.6.17 leave both out of a miss, those before answer ERROR or
 * know another meta dialect, and some proxies close the connection. `mn` would prove nothing:
 * 1.6.6 answers it, and takes the value that follows its `ms` for commands.
 */
export const META_PROBE: Command = { verb: 'mg', key: KEY, base64: false, flags: ['k'] };
/** The opaque of the meta probe; commands count from 1. */
export const PROBE_OPAQUE = 0;

/** What proves text, and fences what was sent before it: any classic server ends it with END. */
export const TEXT_PROBE: Command = { verb: 'get', keys: [KEY] };

/** Whether a command has a spelling in both dialects. */
export function isEitherWay(command: Command): command is MetaCommand | MetaSetCommand {
  return isKeyed(command) && 'orText' in command && command.orText === true;
}

/** Whether a command is about items, and not about the server. Takes anything. */
export function isKeyed(command: Command): boolean {
  return typeof command === 'object' && command !== null && ('key' in command || 'keys' in command);
}

/** Whether a command must know what the connection speaks: it has data, or two spellings. */
export function needsProof(command: Command): boolean {
  return hasData(command) || isEitherWay(command) || isQuiet(command);
}

/**
 * Whether a command must wait until the connection is proved. What only reads need not: if the
 * server closes the connection at the probe, it is sent again over another.
 */
export function awaitsProof(command: Command): boolean {
  if (hasData(command) || isQuiet(command)) return true;
  return isEitherWay(command) && verbs[command.verb].class !== 'read';
}

/** Whether a command that does not wait is sent as a classic one meanwhile. */
export function readsAsText(command: Command): command is MetaCommand | MetaSetCommand {
  return isEitherWay(command) && fitsText(command);
}

function hasData(command: Command): boolean {
  if (command.verb === 'raw') return command.value !== null;
  // A login comes first: before it, servers that want one answer nothing else.
  return verbs[command.verb].data && command.verb !== 'auth';
}

/**
 * What the reply to the meta probe says: null where it proves meta, else why it does not.
 *
 * @param opaque The one in the reply, or -1.
 * @throws ProtocolError for what is no answer to the probe.
 */
export function judgeMetaProbe(reply: Reply, opaque: number): string | null {
  if (isError(reply)) {
    return `answers meta commands with ${`${reply.type} ${reply.message}`.trim()}`;
  }
  if (reply.type === 'EN' && reply.flags.length === 0 && opaque < 0) {
    return 'leaves the opaque out of a miss, as memcached before 1.6.18 does';
  }
  const named = isMeta(reply) && reply.flags.includes(`k${KEY}`);
  if (opaque !== PROBE_OPAQUE || !named || (reply.type !== 'EN' && reply.type !== 'HD')) {
    throw new ProtocolError('what came is no answer to the probe that opens the connection');
  }
  // Somebody stored the key: what a miss looks like remains unknown.
  return reply.type === 'HD' ? 'has an item under the key of the probe' : null;
}

/** Whether the reply to the classic probe shows a server that reads data blocks. */
export function provesText(reply: Reply): boolean {
  return reply.type === 'values' || (isError(reply) && reply.type === 'SERVER_ERROR');
}

/** Whether the server answers nothing before a login; the rest of what it read is thrown away. */
export function wantsLogin(reply: Reply): boolean {
  return isError(reply) && reply.type === 'CLIENT_ERROR' && reply.message === 'unauthenticated';
}
