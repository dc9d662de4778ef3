// Judges one client by one fault case, in a process of its own, which may crash:
// `fault-worker.mjs <FaultRequest as JSON>`. Its last line is what became of it, as JSON.
import { systemClock } from '../../core/io/clock.ts';
import type { Accept, Transport } from '../../core/io/transport.ts';
import { newAborter } from '../../core/io/transport.ts';
import { faultCases, FaultError, runCase } from '../../conformance/mod.ts';
import { dial, listen } from '../../transport-node/mod.ts';
import { faultClients } from './fault-clients.ts';

/** What is to be judged. */
export interface FaultRequest {
  /** A column. */
  readonly client: string;
  /** The name of a case. */
  readonly name: string;
  /** The port of the memcached behind the faults. */
  readonly port: number;
  /** The timeout of the client, in milliseconds. */
  readonly timeout: number;
}

/** `survived`, or how the client failed, and more about that. */
export interface FaultResult {
  readonly result: string;
  readonly detail: string;
}

/** Milliseconds that a case may take. */
const LIMIT = 40_000;
/** After it, in milliseconds, a client has nothing more to throw. */
const CALM = 150;

const request = JSON.parse(process.argv[2] ?? '') as FaultRequest;
const result = await judge(request);
await new Promise<void>((resolve) => void systemClock.after(CALM, resolve));
process.stdout.write(`\n${JSON.stringify(result)}`, () => process.exit());

async function judge({ client, name, port, timeout }: FaultRequest): Promise<FaultResult> {
  const judged = faultClients[client];
  const one = faultCases.find((other) => other.name === name);
  if (judged === undefined || one === undefined) throw new Error(`no ${client}, or no ${name}`);
  const nameOf = async (accept: Accept): Promise<string> => {
    const { endpoint } = await listen({ host: '127.0.0.1', port: 0 }, accept);
    return `127.0.0.1:${'port' in endpoint ? endpoint.port : 0}`;
  };
  try {
    await runCase(one, {
      createFor: async (accept) => judged.open([await nameOf(accept)], timeout),
      createForMany: async (accepts) =>
        judged.open(await Promise.all(accepts.map(nameOf)), timeout),
      unique: () => `f${String(process.pid).padStart(7, '0')}`,
      backend: relay(port),
      timeout,
      ignoresErrors: judged.ignoresErrors,
    }, LIMIT);
    return { result: 'survived', detail: '' };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { result: error instanceof FaultError ? error.consequence : 'failed', detail };
  }
}

/** Connects each connection to a server. */
function relay(port: number): Accept {
  return (near) => {
    let far: Transport | null = null;
    const early: Uint8Array[] = [];
    void dial({ host: '127.0.0.1', port }, {
      onData: (chunk) => void near.send(chunk),
      onDrain() {},
      onClosed: () => near.close(),
    }, newAborter().signal).then((transport) => {
      far = transport;
      for (const chunk of early) far.send(chunk);
    });
    return {
      // The socket takes everything: a case sends at most some megabytes.
      onData(chunk) {
        if (far === null) early.push(chunk);
        else far.send(chunk);
      },
      onDrain() {},
      onClosed: () => far?.close(),
    };
  };
}
