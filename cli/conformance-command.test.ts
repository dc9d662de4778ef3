import * as assert from 'uvu/assert';
import { serverCases, serverFeatures } from '../conformance/mod.ts';
import { type Clock, VirtualClock } from '../core/io/clock.ts';
import { Client } from '../core/client/server-client.ts';
import { memoryDialer } from '../core/io/memory-pipe.ts';
import { Server } from '../core/server/serve.ts';
import type { Accept } from '../core/io/transport.ts';
import { fromLatin1, latin1 } from '../core/wire/bytes.ts';
import { FakeTerminal, type Said, say } from '../test/support/fake-terminal.ts';
import { withSend } from '../test/support/intercept.ts';
import { suite } from '../test/runner/suite.ts';
import { listen } from '../transport-node/listen.ts';
import { main } from './main.ts';

const judge = suite('memwire conformance');

/** Changes a reply of the server; null hangs up instead. */
type Twist = (reply: string) => string | null;

const time = new VirtualClock();

/** A clock without waiting: setting a timer advances the time, for the server too. */
const hasty: Clock = {
  now: () => time.now(),
  elapsed: () => time.elapsed(),
  after(milliseconds, call) {
    const cancel = time.after(milliseconds, call);
    time.advance(milliseconds);
    return cancel;
  },
  yield: (call) => time.yield(call),
};

/** A server that is correct except for its twist. */
function wrongServer(twist: Twist): Accept {
  const server = new Server({}, time);
  return (transport, address) => {
    const twisted = withSend(transport, (bytes) => {
      const reply = twist(latin1(bytes));
      if (reply === null) transport.abort();
      else transport.send(fromLatin1(reply));
      return bytes.length;
    });
    return server.accept(twisted, address);
  };
}

/** The report on a server. */
async function verdictOn(accept: Accept, ...flags: string[]): Promise<Said> {
  const listener = await listen({ host: '127.0.0.1', port: 0 }, accept);
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  const terminal = new FakeTerminal({}, hasty);
  const code = await main(['conformance', `127.0.0.1:${port}`, ...flags], terminal);
  await listener.close();
  const { bytes, text } = terminal.stdout;
  return { code, bytes, out: text, err: terminal.stderr.text };
}

/** Flags for only the cases without needs. */
const few = ['--without', 'meta,stats,empty,limits'];

/** The cases with a value that is not stored. */
const storing = [
  'add stores only what is not there',
  'replace stores only what is there',
  'append and prepend join, and keep the flags',
];

/** The names of the cases that failed. */
function failures(out: string): string[] {
  return [...out.matchAll(/^FAILED +(.*)$/gm)].map(([, name = '']) => name);
}

judge('an embedded server passes every case', async () => {
  const terminal = new FakeTerminal({}, hasty);
  assert.is(await main(['conformance', '--has', 'admin'], terminal), 0, terminal.stdout.text);
  assert.is(
    terminal.stdout.text,
    'an embedded server, version 1.6.39, empty\n' +
      `${serverCases.length} passed, 0 failed, 0 skipped\n`,
  );
});

judge('a wrong reply is shown beside the right one, with what was asked', async () => {
  const wrong = wrongServer((reply) => reply.replace('TOUCHED\r\n', 'OK\r\n'));
  const { code, out } = await verdictOn(wrong, ...few, '--only', 'gat and touch');
  assert.is(code, 1);
  const key = /"touch (mw\w{6}) /.exec(out)?.[1];
  assert.is(
    out.slice(out.indexOf('\n') + 1),
    `FAILED   gat and touch with a time that is past end it at once
  after     "set ${key} 0 0 1\\r\\nx\\r\\n"
  sent      "touch ${key} -1\\r\\n"
  expected  "TOUCHED\\r\\n"
  received  "OK\\r\\n"
0 passed, 1 failed, 0 skipped
`,
  );
});

judge('bytes that are too many fail the cases in which they come, and no other', async () => {
  const wrong = wrongServer((reply) => reply.replace('NOT_STORED\r\n', '$&\r\n'));
  const { out } = await verdictOn(wrong, ...few);
  assert.equal(failures(out), storing);
  assert.match(out, /after     "add \w+ 0 0 1\\r\\n2\\r\\n"\n  sent      "get /);
  assert.match(out, /received  "\\r\\n/);
});

judge('a reply that never comes is given up, and the next case is judged', async () => {
  const wrong = wrongServer((reply) => reply.replace('NOT_STORED\r\n', ''));
  const { out } = await verdictOn(wrong, ...few, '--timeout', '2000');
  assert.equal(failures(out), storing);
  assert.match(
    out,
    /expected  "NOT_STORED\\r\\n"\n  received  "", and nothing more came within 2000 ms/,
  );
});

judge('a server that hangs up fails the cases in which it does', async () => {
  const wrong = wrongServer((reply) => (reply.includes('non-numeric') ? null : reply));
  const { out } = await verdictOn(wrong, ...few);
  const values = ['x', '', '-1', '1x', '18446744073709551616'];
  assert.equal(failures(out), values.map((value) => `incr of what is no number: "${value}"`));
  assert.match(out, /received  "", and the connection was closed/);
});

judge('each case is an object with --json, and so are the server and the sum', async () => {
  const wrong = wrongServer((reply) => reply.replace('DELETED', '\xff'));
  const { out } = await verdictOn(wrong, '--json', '--has', 'empty', '--only', 'delete of');
  const lines = out.trimEnd().split('\n').map((line) => JSON.parse(line) as object);
  const [head, ...rest] = lines;
  assert.equal(Object.keys(head ?? {}), ['server', 'version', 'items']);
  const failed = rest.find((line) => 'status' in line && line.status === 'failed');
  assert.match(JSON.stringify(failed), /"expected":"DELETED.*"received":"\/w0K/);
  assert.match(JSON.stringify(failed), '"receivedEncoding":"base64"');
  assert.equal(rest.at(-1), { passed: 0, failed: 1, skipped: 0 });
});

judge('a server that holds something loses nothing, unless it may', async () => {
  const server = new Server({}, time);
  const judged = async (...flags: string[]): Promise<readonly [Said, string]> => {
    const client = new Client('localhost', { dial: memoryDialer(server) });
    await client.set('precious', 'yes');
    const said = await verdictOn(server.accept, ...flags);
    const left = String(await client.get('precious'));
    await client.close();
    return [said, left];
  };
  const [harmless, kept] = await judged();
  assert.equal([harmless.code, kept], [0, 'yes'], harmless.out);
  assert.match(harmless.out, /, with 1 item\n[^]*skipped  flush_all empties it \(needs empty\)\n/);
  const [harmful, lost] = await judged('--has', 'empty');
  assert.equal([harmful.code, lost], [0, 'undefined'], harmful.out);
  assert.not.match(harmful.out, /needs empty/);
});

judge('a proxy that counts only its own items is not taken for empty', async () => {
  const wrong = wrongServer((reply) => reply.replace(/(?<=STAT curr_items )\d+/, '0'));
  const { out } = await verdictOn(wrong, '--only', 'flush_all');
  assert.match(out, /, which may hold items\n/);
  assert.match(out, /\n0 passed, 0 failed, 5 skipped\n/);
});

judge('it logs in where it is told to', async () => {
  const server = new Server({ credentials: new Map([['user', 'pass']]) }, time);
  const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  const judged = async (login: string): Promise<Said> =>
    await say(['conformance', `127.0.0.1:${port}`, '--only', 'add stores'], {
      environment: { MEMWIRE_AUTH: login },
    });
  const { code, out } = await judged('user:pass');
  assert.is(code, 0, out);
  const refused = await judged('user:nope');
  assert.equal([refused.code, refused.out], [3, '']);
  assert.match(refused.err, /the login was refused: CLIENT_ERROR authentication failure/);
  await listener.close();
});

judge('what it cannot obey, and whom it cannot reach', async () => {
  const feature = await say(['conformance', '--has', 'meta,nonsense']);
  assert.equal([feature.code, feature.out], [2, '']);
  assert.match(feature.err, /--has: "nonsense" is none of meta, stats, limits, empty, admin/);
  assert.is((await say(['conformance', '--only', 'no such case'])).code, 2);
  const away = await say(['conformance', '/nowhere/at/all']);
  assert.equal([away.code, away.out], [3, '']);
  assert.match(away.err, 'cannot connect to /nowhere/at/all');
  const { out } = await say(['help', 'conformance']);
  for (const name of Object.keys(serverFeatures)) assert.match(out, `\n  ${name} `);
});

judge.run();
