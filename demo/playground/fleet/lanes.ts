// Where the clients, servers and faults of a run are drawn, one below the other.
import type { ClientPlan } from '../../../test/reliability/fleet/swarm.ts';
import { packRows, type Recording, type Span } from './recording.ts';

/** Rows of bars, one below the other, in pixels. */
export interface Rows {
  readonly top: number;
  readonly pitch: number;
}

/** A stripe of the diagram. */
export interface Lane {
  /** `client0`, `server1`, `faults`. */
  readonly name: string;
  readonly title: string;
  readonly top: number;
  readonly height: number;
  /** The calls of a client, or the faults. */
  readonly bars: Rows;
  /** The connections of a client; for a server the line that stands for it. */
  readonly links: Rows;
}

/** All lanes, and how high they are together. */
export interface Lanes {
  readonly lanes: ReadonlyMap<string, Lane>;
  readonly height: number;
}

/** The height of the labels of the time axis. */
export const AXIS = 24;
const TITLE = 20;
const GAP = 10;
/** The height of all rows that the diagram tries to keep to. */
const ROOM = 300;

/** Gives each span its row, and each client, each server and the faults a lane. */
export function layOut(recording: Recording): Lanes {
  const clients = recording.swarm.clients.map((plan, index) => {
    const isOf = ({ client }: { readonly client: string }): boolean => client === `client${index}`;
    return {
      ...{ name: `client${index}`, title: `client${index}: ${showClient(plan)}` },
      calls: packRows(recording.calls.filter(isOf)),
      links: packRows(recording.connections.filter(isOf)),
    };
  }).filter(({ calls, links }) => calls + links > 0);
  const faults = packRows(withRoom(recording.faults));
  const rows = clients.reduce((sum, { calls, links }) => sum + calls + links / 2, 0);
  const pitch = Math.max(2, Math.min(16, ROOM / rows));
  const linkPitch = Math.max(2, Math.min(5, pitch / 2));
  const lanes = new Map<string, Lane>();
  let top = AXIS;
  const add = (name: string, title: string, bars: number, barPitch: number, links = 0): void => {
    const barsTop = top + TITLE;
    const linksTop = barsTop + bars * barPitch + 6;
    const height = linksTop + links * linkPitch + 6 - top;
    lanes.set(name, {
      ...{ name, title, top, height },
      bars: { top: barsTop, pitch: barPitch },
      links: { top: linksTop, pitch: linkPitch },
    });
    top += height + GAP;
  };
  if (faults > 0) add('faults', 'faults', faults, Math.max(2, Math.min(13, 130 / faults)));
  for (const { name, title, calls, links } of clients) add(name, title, calls, pitch, links);
  for (let index = 0; index < recording.swarm.servers; index++) {
    add(`server${index}`, `server${index}`, 1, 4);
  }
  return { lanes, height: top };
}

/** Where a packet leaves a client, or arrives there. */
export function linkPlace(lane: Lane, { row }: Span): number {
  return lane.links.top + (row + 0.5) * lane.links.pitch;
}

// A fault of a moment has a label, and so needs some room.
function withRoom(faults: Recording['faults']): Span[] {
  const room = 12;
  return faults.map((fault) => ({
    begin: fault.begin,
    end: Math.max(fault.end, fault.begin + room),
    get row() {
      return fault.row;
    },
    set row(row) {
      fault.row = row;
    },
  }));
}

/** What a client is: `pooled, 4 callers, retries`. */
function showClient({ kind, callers, isCache, retries, fallback, dialect }: ClientPlan): string {
  return [
    { single: 'one server', pooled: 'a pool to one server', hash: 'hashes keys to servers' }[kind],
    callers === 1 ? '1 caller' : `${callers} callers`,
    ...(isCache ? ['a cache'] : []),
    ...(retries ? ['retries'] : []),
    ...(fallback === 'no' ? [] : ['falls back to an older cache']),
    ...(dialect === 'auto' ? [] : [`${dialect} commands`]),
  ].join(', ');
}
