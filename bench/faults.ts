// What becomes of clients at fault: each fault case with each client, in a process of its own.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { faultCases, missingNeed } from '../conformance/mod.ts';
import { callCases } from '../conformance/faults/call-cases.ts';
import { bundle } from './bundle.ts';
import { faultClients } from './clients/fault-clients.ts';
import type { FaultRequest, FaultResult } from './clients/fault-worker.ts';
import { startServer } from './server-process.ts';
import type { Table } from './table.ts';

const CLIENTS = join(import.meta.dirname, 'clients');
/** The timeout of the clients, in milliseconds; a case takes up to some hundred of them. */
const TIMEOUT = 200;
/** Milliseconds after which the process of a case is killed: it no longer turns. */
const WATCHDOG = 50_000;
/** Megabytes that a client may have. */
const HEAP = 256;
/** The cases that are run at the same time: most of them wait most of the time. */
const LANES = 6;

const names = Object.keys(faultClients);
/** Not those that judge what only memwire has: its errors, and meta commands. */
const cases = faultCases.filter((one) => !callCases.includes(one) && !one.needs?.includes('meta'));

/** The table of faults and clients, and how many each survives. */
export async function* faultTables(quick: boolean): AsyncIterable<Table> {
  const chosen = quick ? cases.filter((_, i) => i % 40 === 0) : cases;
  const results = await judgeAll(chosen.map(({ name }) => name));
  yield {
    title: 'Survived',
    notes: notes(),
    columns: ['client', 'faults', ...kinds.map(([kind]) => kind)],
    rows: names.map((client) => {
      const all = chosen.map(({ name }) => results.get(`${client} ${name}`) ?? NONE);
      const some = all.filter((result) => result !== NONE);
      const count = (kind: string): string => String(some.filter((one) => one === kind).length);
      return [client, String(some.length), ...kinds.map(([kind]) => count(kind))];
    }),
  };
  yield {
    title: 'Fault by fault',
    notes: `${kinds.map(([kind, means]) => `${kind}: ${means}`).join('; ')}; -: not applicable.`,
    columns: ['fault', ...names],
    rows: chosen.map(({ name }) => [
      name,
      ...names.map((client) => results.get(`${client} ${name}`) ?? NONE),
    ]),
  };
}

// What was measured, and by which rules.
function notes(): string {
  const versions = names.filter((name) => !name.startsWith('memwire')).map((name) => {
    const file = join(CLIENTS, 'node_modules', name, 'package.json');
    return `${name} ${(JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version}`;
  });
  return 'The fault cases of memwire/conformance, which docs/conformance.md describes, with ' +
    `${versions.join(', ')}, and memwire in its default dialect and in the classic one that most ` +
    'of the others speak. A case is a process, with a memcached behind its faults; its result is ' +
    `the first law that was broken, in both of two runs. The timeout of every client is ${TIMEOUT} ms. The times after ` +
    'which memcached tries a server again are as short as they can be, since they are minutes by ' +
    'default; all else is as it is without options. A miss instead of an error is held against ' +
    'all but memcache, which tells of errors by events. Where the replies of a protocol do not ' +
    'tell which command they answer, the cases that ask for it are not applicable: to all clients that speak ' +
    'classic commands. memcache-client has no hashing, so that one of its servers is down is ' +
    'not applicable either.';
}

/** What can become of a client. */
const kinds: readonly (readonly [kind: string, means: string])[] = [
  ['survived', 'every law held'],
  ['hung', 'a call, or `close`, did not end within ten timeouts, or the process no longer turned'],
  ['wrong value', 'a read gave the value of another key, a part of a value, or other bytes'],
  ['wrong result', 'a write said what is not true, or a read said that an item is missing'],
  ['run', 'what a caller passed was run as a command'],
  ['not recovered', 'it did not work again within four seconds'],
  ['too many connections', 'more than any client needs'],
  ['crashed', 'the process ended with an error that no caller could catch'],
  ['failed', 'a call failed that must work, or did something else that it must not'],
];
const NONE = '-';

/** By client and case. */
async function judgeAll(chosen: readonly string[]): Promise<Map<string, string>> {
  const results = new Map<string, string>();
  const todo = chosen.flatMap((name) => names.map((client) => ({ client, name })));
  const left = todo.values();
  await Promise.all(Array.from({ length: LANES }, async () => {
    // Each has its own: a case may flush it.
    const server = await startServer('memcached', 64, null);
    try {
      for (const { client, name } of left) {
        const one = cases.find((other) => other.name === name)!;
        if (missingNeed(one, (need) => faultClients[client]!.has.includes(need)) !== undefined) {
          continue;
        }
        const request = { client, name, port: server.port, timeout: TIMEOUT };
        const { result, detail } = await judgeTwice(request);
        results.set(`${client} ${name}`, result);
        if (result !== 'survived') console.error(`${client}: ${name}: ${result}: ${detail}`);
      }
    } finally {
      await server.stop();
    }
  }));
  return results;
}

// The machine may have been busy: what happens once in two runs is not held against a client.
async function judgeTwice(request: FaultRequest): Promise<FaultResult> {
  const first = await judgeFault(request);
  if (first.result === 'survived') return first;
  const second = await judgeFault(request);
  return second.result === 'survived' ? second : first;
}

/** Judges a client by one case, in a process of its own. */
export function judgeFault(request: FaultRequest): Promise<FaultResult> {
  const worker = bundle(join(CLIENTS, 'fault-worker.ts'), join(CLIENTS, 'node_modules/.bench'));
  return new Promise((resolve, reject) => {
    const args = [`--max-old-space-size=${HEAP}`, worker, JSON.stringify(request)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let [said, complained] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => void (said += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => void (complained += chunk.toString()));
    const watchdog = setTimeout(() => child.kill('SIGKILL'), WATCHDOG);
    child.once('error', reject);
    child.once('close', (code, signal) => {
      clearTimeout(watchdog);
      if (signal === 'SIGKILL') resolve({ result: 'hung', detail: 'it no longer turns' });
      else if (code === 0 && said !== '') resolve(JSON.parse(lastLine(said)) as FaultResult);
      else {resolve({
          result: 'crashed',
          detail: /^\w*Error.*$/m.exec(complained)?.[0] ?? complained,
        });}
    });
  });
}

// Clients may print, too.
function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}
