// Makes a number of gets on one path, and prints as JSON which functions of the built package were
// called meanwhile, and how often. V8 counts the calls.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import {
  built,
  DIST,
  getOften,
  LOOPBACK,
  pageClient,
  type PageRequest,
  prepared,
  TOKEN,
} from './walk-gets.ts';

/**
 * `get`: a client on Node; the server runs in another thread and is not counted. `bridge`: a web
 * client, a bridge and the server, all of which are counted. `bridge alone`: the bridge and its
 * upstream connection; the web client and the server are not counted.
 */
export type PathName = 'get' | 'bridge' | 'bridge alone';

export interface WalkRequest {
  readonly path: PathName;
  /** How many gets are in flight. */
  readonly inFlight: number;
  /** How many gets are counted. The same number is made before, to warm up. */
  readonly gets: number;
}

export interface CalledFunction {
  /** Its path in dist: `core/wire/key.js`. */
  readonly file: string;
  readonly name: string;
  readonly line: number;
  readonly calls: number;
}

type NodePackage = typeof import('../transport-node/mod.ts');
type BridgePackage = typeof import('../transport-node/bridge.ts');
type ServerPackage = typeof import('../core/server/mod.ts');

// More than a run makes, since a limit that is reached would be measured too.
const UNLIMITED = 1_000_000;

const request = JSON.parse(process.argv[2] ?? '') as WalkRequest;
// Calls that the optimizing compilers inline are not counted, so they are turned off.
setFlagsFromString('--no-opt');
setFlagsFromString('--no-maglev');
const session = new Session();
session.connect();
// Before the package is loaded: functions that are compiled earlier have no counters.
await post('Profiler.enable');
await post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

const walk = await opened(request);
await walk();
await takeCalls();
await walk();
console.log(JSON.stringify(await takeCalls()));
process.exit();

/** Returns the calls since it was called last. */
async function takeCalls(): Promise<CalledFunction[]> {
  const { result } = await post<{ result: ScriptCoverage[] }>('Profiler.takePreciseCoverage');
  return result.filter(({ url }) => url.startsWith(pathToFileURL(DIST).href)).flatMap((script) => {
    const path = fileURLToPath(script.url);
    const text = readFileSync(path, 'utf8');
    return script.functions.map(({ functionName, ranges }) => ({
      file: relative(DIST, path),
      name: functionName,
      line: text.slice(0, ranges[0]?.startOffset).split('\n').length,
      calls: ranges[0]?.count ?? 0,
    }));
  }).filter(({ calls }) => calls > 0);
}

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
  }[];
}

/** Sets up the path of a request; returns a function that makes the gets. */
async function opened({ path, inFlight, gets }: WalkRequest): Promise<() => Promise<unknown>> {
  if (path === 'get') {
    const { Client } = await import(built('transport-node')) as NodePackage;
    const client = await prepared(new Client(await serverInThread()));
    return () => getOften(client, inFlight, gets);
  }
  if (path === 'bridge') {
    const client = await pageClient(await openBridge(await serverHere()));
    return () => getOften(client, inFlight, gets);
  }
  const page = fork(join(import.meta.dirname, 'walk-page.ts'), { execArgv: ['--import', 'tsx'] });
  process.once('exit', () => page.kill());
  const port = await openBridge(await serverInThread());
  return async () => {
    page.send({ port, inFlight, gets } satisfies PageRequest);
    await once(page, 'message');
  };
}

async function serverHere(): Promise<string> {
  const { listen, endpointName } = await import(built('transport-node')) as NodePackage;
  const { Server } = await import(built('core/server')) as ServerPackage;
  return endpointName((await listen(LOOPBACK, new Server().accept)).endpoint);
}

async function serverInThread(): Promise<string> {
  const thread = new Worker(
    `import(${JSON.stringify(built('core/server'))}).then(async ({ Server }) => {
      const { listen, endpointName } = await import(${JSON.stringify(built('transport-node'))});
      const { endpoint } = await listen(${JSON.stringify(LOOPBACK)}, new Server().accept);
      require('node:worker_threads').parentPort.postMessage(endpointName(endpoint));
    })`,
    { eval: true, execArgv: [] },
  );
  const [name] = await once(thread, 'message') as [string];
  return name;
}

/** Opens a bridge without limits; returns its port. */
async function openBridge(upstream: string): Promise<number> {
  const { listenBridge } = await import(built('transport-node', 'bridge')) as BridgePackage;
  const { endpoint } = await listenBridge(LOOPBACK, {
    upstream,
    tokens: new Map([['walk', TOKEN]]),
    rate: UNLIMITED,
    messageRate: UNLIMITED,
  });
  return endpoint.port;
}

function post<Result>(method: string, params: object = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    session.post(method, params, (error, result) => {
      if (error === null) resolve(result as Result);
      else reject(new Error(error.message));
    });
  });
}
