// What happens in a run, in words.
import type { FaultKind } from '../../../test/reliability/fleet/swarm.ts';
import type { CallSpan, FaultSpan, Moment, PacketSpan } from './recording.ts';
import { showCall } from './results.ts';

/** A moment as a line: `client0 → server1: mg k3 v`. */
export function tell(moment: Moment): string {
  switch (moment.type) {
    case 'call':
      return `${moment.call.client} calls ${showCall(moment.call)}`;
    case 'ended':
      return `${moment.call.client}: ${showCall(moment.call)} → ${showEnd(moment.call)}`;
    case 'sent':
      return `${showWay(moment.packet)}: ${firstLine(moment.packet)}`;
    case 'arrived':
      return tellArrival(moment.packet, moment.fate);
    case 'dialed':
      return `${moment.connection.client} dials ${moment.connection.server}`;
    case 'connected':
      return `${moment.connection.client} is connected to ${moment.connection.server}`;
    case 'closed':
      return tellClosed(moment);
    case 'fault':
      return `Fault ${moment.fault.number}: ${showFault(moment.fault)}`;
    case 'fault-over':
      return `Fault ${moment.fault.number} is over: ${showFault(moment.fault)}`;
    case 'up':
      return `${moment.process} starts`;
    case 'down':
      return `${moment.process} has ended`;
    case 'stopped':
      return `${moment.process} is stopped (SIGSTOP)`;
    case 'continued':
      return `${moment.process} goes on (SIGCONT)`;
    case 'applied':
      return `${moment.server} does write ${moment.item.id} to ${moment.item.key}`;
    case 'lost':
      return `${moment.server} loses ${moment.key ?? 'all its items'}`;
    case 'closing':
      return 'All calls have ended: no more faults, and the clients close';
    case 'violation':
      return `A law is broken: ${moment.law}`;
  }
}

/** The results of a call, in one line. */
export function showEnd({ results, outcome }: CallSpan): string {
  if (outcome === 'open') return 'not ended';
  if (outcome === 'abandoned') return 'its process was killed';
  const [first = '', ...more] = [...new Set(results)];
  return more.length === 0 ? first : results.join('; ');
}

/** What a fault does, and to whom. */
export function showFault({ kind, server, client }: FaultSpan): string {
  const victim = client === null ? server : isOfPath(kind) ? `${client} – ${server}` : client;
  return `${kind}, ${victim}`;
}

/** Whether a fault is between a client and a server. */
export function isOfPath(kind: string): boolean {
  return ['drip', 'one-way', 'partition', 'slow-network'].includes(kind);
}

/** What each fault is. */
export const faultTexts: Readonly<Record<FaultKind, string>> = {
  clock: "The server's time of day is set wrong.",
  crash: 'The server is killed, and starts again empty.',
  cut: 'A connection is reset.',
  'cut-dial': 'A connection is cut within the next bytes.',
  drip: 'Bytes arrive a few at a time.',
  evict: 'The server evicts a fifth of its items.',
  'freeze-client': 'The client is stopped for a while.',
  'freeze-server': 'The server is stopped for a while.',
  'half-open': 'The server forgets a connection, and the client is not told.',
  'kill-client': 'The client is killed with its calls, and replaced.',
  'mute-dial': 'New connections hang: no answer to a dial.',
  'one-way': 'Nothing arrives in one direction.',
  partition: 'Nothing arrives in either direction.',
  'power-off': 'The machine of the server is switched off: nobody is told.',
  shutdown: 'The server shuts down in order, and starts again empty.',
  silence: 'A connection falls silent: nothing arrives, and nobody is told.',
  'slow-network': 'Everything takes longer.',
  'slow-reader': 'The server does not read for a while.',
  version: 'The server is replaced, maybe by one without meta commands.',
};

/** From whom to whom. */
export function showWay({ connection: { client, server }, fromClient }: PacketSpan): string {
  return fromClient ? `${client} → ${server}` : `${server} → ${client}`;
}

/** The first line of a packet, and how many follow. */
export function firstLine({ text }: PacketSpan): string {
  if (text === 'FIN') return 'end of stream (FIN)';
  if (text === 'RST') return 'reset (RST)';
  const lines = text.split('\n');
  const [first = ''] = lines;
  const shown = first.length > 60 ? `${first.slice(0, 60)}…` : first;
  return lines.length === 1 ? shown : `${shown} (and ${lines.length - 1} more)`;
}

function tellArrival(packet: PacketSpan, fate: 'read' | 'waiting' | 'lost'): string {
  const { connection, fromClient } = packet;
  const what = firstLine(packet);
  switch (fate) {
    case 'read':
      return `${fromClient ? connection.server : connection.client} receives ${what}`;
    case 'waiting':
      return `${showWay(packet)}: held back by the partition: ${what}`;
    case 'lost':
      return `${showWay(packet)}: lost: ${what}`;
  }
}

function tellClosed({ connection, isClient, cause }: Moment & { type: 'closed' }): string {
  const { client, server } = connection;
  const [one, other] = isClient ? [client, server] : [server, client];
  const why = cause === null ? '' : `: ${cause}`;
  if (connection.opened === null) return `${client} could not connect to ${server}${why}`;
  return `${one}: the connection to ${other} is closed${why}`;
}
