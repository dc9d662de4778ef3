/** The counters of clients in Prometheus's text format. */
import type { Counters } from '../core/client/connection/server-status.ts';
import { assertArgument, checkObject } from '../core/wire/check.ts';

type ServerCounters = Omit<Counters, 'servers'>;

interface Family {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** The values of a server: one, or one for each value of a label. */
  readonly read: (server: ServerCounters) => readonly (readonly [label: string, value: number])[];
}

const one =
  (name: 'calls' | 'hits' | 'misses' | 'reconnects' | 'bytesIn' | 'bytesOut' | 'pending') =>
  (
    server: ServerCounters,
  ): readonly (readonly [label: string, value: number])[] => [['', server[name]]];

const families: readonly Family[] = [
  { name: 'up', type: 'gauge', help: 'Whether the server answers.', read: readState },
  { name: 'pending_commands', type: 'gauge', help: 'Commands that wait.', read: one('pending') },
  { name: 'commands_total', type: 'counter', help: 'Commands.', read: one('calls') },
  { name: 'hits_total', type: 'counter', help: 'Keys that reads found.', read: one('hits') },
  { name: 'misses_total', type: 'counter', help: 'Keys that reads missed.', read: one('misses') },
  { name: 'errors_total', type: 'counter', help: 'Commands that failed.', read: readErrors },
  { name: 'reconnects_total', type: 'counter', help: 'Reconnects.', read: one('reconnects') },
  { name: 'received_bytes_total', type: 'counter', help: 'Bytes received.', read: one('bytesIn') },
  { name: 'sent_bytes_total', type: 'counter', help: 'Bytes sent.', read: one('bytesOut') },
];

/**
 * The counters of a client in Prometheus's text format 0.0.4: `memwire_hits_total` and the like, for
 * each server. Serve it as `text/plain; version=0.0.4`.
 *
 * @param labels Labels for every line, for example of the client: `{ cache: 'sessions' }`.
 * @throws UsageError when the counters are none, a label is no string, or its name breaks
 * Prometheus's rule or is `server` or `code`.
 *
 * @example
 * ```ts
 * const text = prometheusText(client.counters(), { cache: 'sessions' });
 * ```
 */
export function prometheusText(
  counters: Counters,
  labels: Readonly<Record<string, string>> = {},
): string {
  checkObject('counters', counters);
  const { servers } = counters;
  assertArgument(servers instanceof Map, 'counters', 'must be what client.counters() returns');
  checkObject('labels', labels);
  for (const [name, value] of Object.entries(labels)) {
    assertArgument(typeof value === 'string', 'labels', 'must be strings');
    assertArgument(
      /^[a-zA-Z_]\w*$/.test(name) && !name.startsWith('__') && name !== 'server' && name !== 'code',
      'labels',
      'must have names of letters, digits and _, other than server and code',
    );
  }
  const own = Object.entries(labels).map(([name, value]) => pair(name, value));
  return families.map(({ name, type, help, read }) => {
    const lines = [...servers].flatMap(([server, values]) =>
      read(values).map(([label, value]) => {
        const all = [pair('server', server), ...own, ...(label === '' ? [] : [label])];
        return `memwire_${name}{${all.join(',')}} ${value}\n`;
      })
    );
    return `# HELP memwire_${name} ${help}\n# TYPE memwire_${name} ${type}\n${lines.join('')}`;
  }).join('');
}

function readState(
  { state }: ServerCounters,
): readonly (readonly [label: string, value: number])[] {
  return [['', state === 'up' ? 1 : 0]];
}

function readErrors({ errors }: ServerCounters): readonly (readonly [string, number])[] {
  return [...errors].map(([code, count]) => [pair('code', code), count]);
}

/** A label, as the format quotes it. */
function pair(name: string, value: string): string {
  const quoted = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `${name}="${quoted}"`;
}
