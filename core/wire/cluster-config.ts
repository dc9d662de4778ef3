// The server list that `config get cluster` returns, in ElastiCache and Memorystore.
import { fromLatin1, latin1 } from './bytes.ts';
import { ProtocolError } from './errors.ts';

/** A server of a managed cluster. */
export interface ClusterNode {
  /** Its name, or the text that the service has in its place. */
  readonly host: string;
  /** Its address, IPv4 or IPv6 without brackets; empty if the service gives none. */
  readonly ip: string;
  /** Its port for the text protocol. */
  readonly port: number;
}

/** The reply to `config get cluster`. */
export interface ClusterConfig {
  /** Grows with each change of the nodes. */
  readonly version: number;
  /** The servers of the cluster. */
  readonly nodes: readonly ClusterNode[];
}

/**
 * Reads the value of a `CONFIG` reply: a line with the version, a line of `host|ip|port`.
 *
 * @throws ProtocolError when it is malformed, or lists no server.
 */
export function readClusterConfig(value: Uint8Array): ClusterConfig {
  const text = latin1(value);
  const found = /^(\d{1,15})\n([^\n]*?)\s*$/.exec(text);
  if (found === null) throw bad(text);
  const nodes = found[2]!.split(' ').filter((word) => word !== '').map(readNode);
  if (nodes.length === 0) throw bad(text);
  return { version: Number(found[1]), nodes };
}

/** The inverse of `readClusterConfig`. */
export function writeClusterConfig({ version, nodes }: ClusterConfig): Uint8Array {
  const list = nodes.map(({ host, ip, port }) => `${host}|${ip}|${port}`).join(' ');
  return fromLatin1(`${version}\n${list}\n`);
}

// The result is dialed, so only well-formed names and addresses pass.
function readNode(word: string): ClusterNode {
  const found = /^([\w.-]+|[\da-f:.]+)\|([\da-f:.]*)\|(\d{1,5})$/i.exec(word);
  if (found === null) throw bad(word);
  const port = Number(found[3]);
  if (port < 1 || port > 65535) throw bad(word);
  return { host: found[1]!, ip: found[2]!, port };
}

function bad(text: string): ProtocolError {
  const shown = JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
  return new ProtocolError(`the server answered a cluster that is none: ${shown}`, 'done');
}
