// npm start: shows the calls of a client to an embedded memcached with their bytes; then, in a
// terminal, opens a console on that server.
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { Client, dial, listen, VERSION } from '../transport-node/mod.ts';
import { Server } from '../core/server/mod.ts';
import { main } from '../cli/main.ts';
import { processTerminal } from '../cli/process-terminal.ts';
import { tapped } from '../cli/console/wire-tap.ts';
import { SlowNetwork } from './slow-network.ts';

const WIDTH = 80;
const calls = readCalls();

const server = new Server();
const listener = await listen(
  { host: '127.0.0.1', port: 0 },
  (transport, address) => server.accept(transport, address),
);
const network = new SlowNetwork();
// The lines to print below the current call.
let lines: string[] = [];
const note = (line: string): void => {
  lines.push(line);
};
const client = new Client(listener.endpoint, {
  dial: tapped(network.over(dial), note),
  onQuietError: (error) => note(`! onQuietError hears: ${error.message}`),
});

const { port } = 'port' in listener.endpoint ? listener.endpoint : { port: 0 };
show('', `memwire ${VERSION}: an embedded memcached on 127.0.0.1:${port}, and one client of it.`);
show('', 'Below each call: > bytes to the server, < bytes from it, = what the call gave.');

title('Store a value, and read it back');
await step(() => client.set('greeting', 'hello', { expire: 60 }));
await step(() => client.get('greeting'));
await step(() => client.get('nobody'));

title('Two writers: the second one notices');
const held = await step(() => client.gets('greeting'));
await step(() => client.set('greeting', 'hi'));
await step(() => client.cas('greeting', 'hello again', held?.cas ?? 0n));

title('A counter past 2^53, where numbers lose count');
await step(() => client.set('visits', 2n ** 53n));
await step(() => client.incr('visits'));

title('Many keys at once');
await step(() => client.getMany(['greeting', 'nobody', 'visits']));

title('A quiet batch with an error in it: no reply is taken for another');
await step(() =>
  Promise.all([
    client.incr('visits', 1, { noreply: true }),
    client.incr('greeting', 1, { noreply: true }),
    client.delete('nobody', { noreply: true }),
    client.get('visits'),
  ])
);

title('A reply that comes too late: the next call still gets its own');
network.hold();
await step(() => client.get('greeting', { timeout: 50 }));
network.release();
note('(the late reply is read and dropped)');
await step(() => client.get('visits'));

await client.close();
show('', '');
show('', 'That was all. README.md shows how to do the same in your program.');
if (process.stdin.isTTY && process.stdout.isTTY) {
  show('', '');
  show('', 'Now it is your turn: the same server, with everything that was stored in it.');
  await main(['console', '--wire', `127.0.0.1:${port}`], processTerminal());
}
await listener.close();
server.close();

/** Makes one call, and prints it with its bytes and its result. */
async function step<Result>(call: () => Promise<Result>): Promise<Result | undefined> {
  show('  ', calls.shift() ?? '');
  let result: Result | undefined;
  let outcome: string;
  try {
    result = await call();
    outcome = inspect(result, { breakLength: Infinity });
  } catch (error) {
    outcome = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
  for (const line of [...lines, `= ${outcome}`]) show('  ', line);
  lines = [];
  return result;
}

/** The source of the calls below, one line each. */
function readCalls(): string[] {
  const text = readFileSync(new URL(import.meta.url), 'utf8');
  return [...text.matchAll(/await step\(\(\) =>\s+([^;]*)\s*\);/g)]
    .map(([, call = '']) => call.replaceAll(/\s+/g, ' ').trim())
    .map((call) => call.replaceAll(/(?<=[[(]) |,? (?=[\])])/g, ''));
}

function title(text: string): void {
  show('', '');
  show('', text);
}

/** Prints a line, wrapped at the width and indented. */
function show(indent: string, text: string): void {
  const room = WIDTH - indent.length;
  if (text.length <= room) {
    console.log(indent + text);
    return;
  }
  const cut = text.lastIndexOf(' ', room);
  const at = cut > 0 ? cut + 1 : room;
  console.log(indent + text.slice(0, at).trimEnd());
  show(indent.padEnd(6), text.slice(at));
}
