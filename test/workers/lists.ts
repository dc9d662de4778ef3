// The lists of cases that run in a Worker.
import {
  type Case,
  type CaseReport,
  halfCloseTransportCases,
  memcacheCases,
  metaOnlyCases,
  oneServerCases,
  type OneServerContext,
  runCases,
  tlsTransportCases,
  transportCases,
} from '../../conformance/mod.ts';
import type { ClientOptions } from '../../core/client/options.ts';
import type { ServerClient } from '../../core/client/server-client.ts';
import type { Endpoint } from '../../core/io/transport.ts';
import { webSocketCases } from '../browser/web-socket-cases.ts';
import type { CaseResults } from '../support/cases.ts';
import { patience } from '../support/patience.ts';

/** What workerd cannot do: it has no way to end a handshake of TLS, be it aborted or not. */
const handshakes = /^TLS: an abort in the handshake/;

/** And what a WebSocket without `bufferedAmount` cannot: to take no more where the peer reads none. */
const backpressure = /(not read|slowly|breaks off|at a drain)/;

/** The lists of cases that run in a Worker. */
export const workerLists = {
  client: [...memcacheCases, ...oneServerCases, ...metaOnlyCases],
  transport: [...transportCases, ...halfCloseTransportCases],
  tls: [
    ...transportCases,
    ...halfCloseTransportCases,
    ...tlsTransportCases.filter(({ name }) => !handshakes.test(name)),
  ],
  'web-socket': webSocketCases.filter(({ name }) => !backpressure.test(name)),
} as const;

export type WorkerList = keyof typeof workerLists;

/** The parameters of a request to a Worker, by name. */
export type Parameters = Readonly<Record<string, string>>;

let count = 0;

/** The context of the client cases, with the server that a request names. */
export function clientContext(
  { port, clock }: Parameters,
  open: (server: Endpoint, options: ClientOptions) => ServerClient,
): OneServerContext {
  return {
    create: (options) =>
      open({ host: '127.0.0.1', port: Number(port) }, { ...patience, ...options }),
    // A virtual clock is behind this address; memcached has a real one.
    async pass(seconds) {
      if (clock !== undefined) await (await fetch(`${clock}?seconds=${seconds}`)).text();
      else await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    },
    unique: () => `w${(count++).toString(36).padStart(7, '0')}`,
  };
}

/** The ports that the context of the transport cases needs. */
export function portsOf({ exchange, nowhere }: Parameters): { exchange: number; nowhere: number } {
  return { exchange: Number(exchange), nowhere: Number(nowhere) };
}

/** Runs the cases of a list. */
export async function resultsOf<Context>(
  cases: readonly Case<Context>[],
  context: Context,
): Promise<CaseResults> {
  const report: CaseReport = await runCases(cases, () => context, {
    timeout: 30_000,
    has: () => true,
  });
  return Object.fromEntries([
    ...report.passed.map((name) => [name, null] as const),
    ...report.failed.map(({ name, error }) => [name, error.stack ?? error.message] as const),
  ]);
}
