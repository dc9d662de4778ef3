import { findProgram } from '../test/support/memcached.ts';
import { installClients } from './clients.ts';
import { HASHED } from './clients/adapters.ts';
import type { Load } from './clients/loads.ts';
import type { Measured } from './clients/worker.ts';
import { median, ratio, ratios, spread } from './sample.ts';
import { type ServerProcess, startServer } from './server-process.ts';
import { Subject } from './subject.ts';
import type { Table } from './table.ts';

/** A client and how many servers it has. */
interface Routed {
  readonly title: string;
  readonly name: string;
  readonly servers: number;
}

/** A load, which may have its commands in flight for each server. */
type RoutedLoad = Load & { readonly isForEach?: boolean };

const items = { keys: 1000, valueLength: 100 };
const get: Load = { id: 'get', name: 'get, 64 in flight', operation: 'get', items, inFlight: 64 };
const set: Load = { id: 'set', name: 'set, 64 in flight', operation: 'set', items, inFlight: 64 };
const many: Load = {
  id: 'many',
  name: 'getMany of 1000',
  operation: 'getMany',
  items,
  inFlight: 1,
  many: 1000,
};

// A server that gets a third of the commands gets batches of a third, and each batch costs two system
// calls. Here three servers have three times as many commands in flight; the replies of one of them
// still set free calls to all three.
const getEach = { ...get, id: 'get each', name: 'get, 64 in flight for each', isForEach: true };
const setEach = { ...set, id: 'set each', name: 'set, 64 in flight for each', isForEach: true };

const routing: readonly Routed[] = [
  { title: 'Client, one server', name: 'memwire', servers: 1 },
  { title: 'HashClient, one server', name: HASHED, servers: 1 },
  { title: 'HashClient, three servers', name: HASHED, servers: 3 },
];
const spreading: readonly Routed[] = [
  { title: 'HashClient', name: HASHED, servers: 10 },
  { title: 'memcached (npm)', name: 'memcached', servers: 10 },
  { title: 'memcache (npm)', name: 'memcache', servers: 10 },
];

/** What routing costs, and many keys over many servers. */
export async function* clusterTables(quick: boolean): AsyncGenerator<Table> {
  if (findProgram('memcached') === null) throw new Error('clusters are measured with memcached');
  installClients();
  const servers: ServerProcess[] = [];
  try {
    while (servers.length < 10) servers.push(await startServer('memcached', 64, null));
    const ports = servers.map(({ port }) => port);
    yield await compare('The cost of routing', routing, [get, set], ports, quick);
    const title = 'The cost of routing, with as many commands in flight for each server';
    yield await compare(title, routing, [getEach, setEach], ports, quick);
    yield await compare('1000 keys over ten servers', spreading, [many], ports, quick);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** Each is compared with the first, in fresh processes that take turns. */
async function compare(
  title: string,
  subjects: readonly Routed[],
  loads: readonly RoutedLoad[],
  ports: readonly number[],
  quick: boolean,
): Promise<Table> {
  const [settle, seconds, turns] = quick ? [0.05, 0.1, 1] : [1.5, 0.2, 5];
  const reports = new Map<string, Measured[]>();
  for (let round = 0; round < (quick ? 1 : 3); round++) {
    for (const { isForEach = false, ...load } of loads) {
      const open = subjects.map(({ name, servers }, i) =>
        new Subject({ name, ports: ports.slice(0, servers), firstKey: i * items.keys }, null)
      );
      for (const [i, subject] of open.entries()) {
        const inFlight = load.inFlight * (isForEach ? subjects[i]!.servers : 1);
        await subject.load({ ...load, inFlight }, settle);
      }
      for (let turn = 0; turn < turns; turn++) {
        for (const [i, subject] of open.entries()) {
          const key = `${subjects[i]!.title}: ${load.name}`;
          reports.set(key, [...reports.get(key) ?? [], await subject.measure(seconds)]);
        }
      }
      for (const subject of open) await subject.close();
    }
  }
  const each = (subject: Routed, load: Load, what: 'rate' | 'cpu'): number[] =>
    (reports.get(`${subject.title}: ${load.name}`) ?? []).map((found) => found[what]);
  return {
    title,
    notes: 'The processor time of the client for each key in µs, and thousands of keys a second: ' +
      'the medians of fresh processes that take turns, with [least..greatest], and beside them how ' +
      'often those of the first line they are.',
    figures: Object.fromEntries(
      loads.map((load): [string, number] => [
        load.id,
        median(ratios(each(subjects[0]!, load, 'cpu'), each(subjects.at(-1)!, load, 'cpu'))),
      ]),
    ),
    columns: ['client', 'load', 'µs/key', '/first', 'k keys/s', '/first'],
    rows: loads.flatMap((load) =>
      subjects.map((subject) => {
        const cells = (what: 'rate' | 'cpu', show: (value: number) => string): string[] => {
          const found = each(subject, load, what);
          return [
            spread(found, show),
            ratio(median(ratios(found, each(subjects[0]!, load, what)))),
          ];
        };
        return [
          subject.title,
          load.name,
          ...cells('cpu', (value) => value.toFixed(2)),
          ...cells('rate', (value) => (value / 1000).toFixed(0)),
        ];
      })
    ),
  };
}
