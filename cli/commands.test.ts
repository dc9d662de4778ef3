import { once } from 'node:events';
import { connect } from 'node:net';
import * as assert from 'uvu/assert';
import { commands } from './console/commands.ts';
import { Server } from '../core/server/mod.ts';
import { fromLatin1, latin1 } from '../core/wire/bytes.ts';
import type { Listener } from '../core/io/transport.ts';
import { VERSION } from '../core/version.ts';
import { makeCertificates } from '../test/support/certificates.ts';
import { FakeTerminal, type Said, say } from '../test/support/fake-terminal.ts';
import { findProgram } from '../test/support/memcached.ts';
import { suite } from '../test/runner/suite.ts';
import { temporaryFile } from '../test/support/temporary.ts';
import { listen } from '../transport-node/listen.ts';
import { main } from './main.ts';

let server: Server;
let listener: Listener;
let name = '';

/** Runs a command on the server of this file. */
function run(command: string, input?: string | Uint8Array): Promise<Said> {
  return runWords(command.split(' '), input);
}

function runWords(words: readonly string[], input: string | Uint8Array = ''): Promise<Said> {
  return say(words, { input, environment: { MEMWIRE_SERVER: name } });
}

function nameOf({ endpoint }: Listener): string {
  return 'port' in endpoint ? `127.0.0.1:${endpoint.port}` : '';
}

const cli = suite('memwire: one-shot commands');

cli.before(async () => {
  server = new Server();
  listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  name = nameOf(listener);
});

cli.after(async () => {
  await listener.close();
  server.close();
});

/** Runs commands in a row on one server; returns the output of each. */
const dialogue: readonly (readonly [command: string, code: number, out: string, err?: RegExp])[] = [
  ['get a', 1, '', /^memwire get: a is not there\n$/],
  ['set a one --flags 7 --expire 100', 0, ''],
  ['get a', 0, 'one'],
  ['get a b a', 1, 'oneone', /b is not there/],
  ['gets a', 0, '1\none'],
  [
    'get a b --json',
    1,
    '{"key":"a","status":"found","value":"one","flags":7}\n{"key":"b","status":"not-found"}\n',
  ],
  ['gets a --json', 0, '{"key":"a","status":"found","value":"one","flags":7,"cas":"1"}\n'],
  ['mg a s f', 0, 'HD s3 f7\n'],
  ['mg a v', 0, 'VA 3 "one"\n'],
  ['mg YQ== v b', 0, 'VA 3 "one"\n'],
  ['me b', 1, '', /^memwire me: EN\n$/],
  ['gat a 0', 0, 'one'],
  ['mg a t', 0, 'HD t-1\n'],
  ['add a two', 1, '', /^memwire add: not stored: the key is there already\n$/],
  ['replace b two', 1, '', /not stored: the key is not there/],
  ['append a !', 0, ''],
  ['prepend a ?', 0, ''],
  ['get a', 0, '?one!'],
  ['cas a 1 two', 1, '', /somebody has stored another/],
  ['cas a 3 two --json', 0, '{"key":"a","status":"stored"}\n'],
  ['cas b 3 two', 1, '', /b is not there/],
  ['touch a 5', 0, ''],
  ['touch b 5', 1, '', /b is not there/],
  ['touch a 2001-01-01', 0, ''],
  ['get a', 1, '', /a is not there/],
  ['set a three --expire 2037-12-31T12:00:00Z', 0, ''],
  ['get a', 0, 'three'],
  ['touch a -- -1', 0, ''],
  ['get a', 1, '', /a is not there/],
  ['incr n', 1, '', /n is not there/],
  ['set n 18446744073709551614', 0, ''],
  ['incr n', 0, '18446744073709551615\n'],
  ['incr n --json', 0, '{"key":"n","status":"done","value":"0"}\n'],
  ['incr n 9007199254740993', 0, '9007199254740993\n'],
  ['decr n 3', 0, '9007199254740990\n'],
  ['ma n D2', 0, 'HD\n'],
  ['delete n b', 1, '', /^memwire delete: b is not there\n$/],
  ['ms x y T60 F3', 0, 'HD\n'],
  ['md x', 0, 'HD\n'],
  ['mn', 0, 'MN\n'],
  ['version', 0, '1.6.39\n'],
  ['version --json', 0, '{"version":"1.6.39"}\n'],
  ['raw set r 0 0 2 --data hi', 0, 'STORED\n'],
  ['raw get r --reply values', 0, 'r "hi" (2 bytes, flags 0)\n'],
  ['flush', 0, ''],
  ['flush_all 0', 0, ''],
  ['get r', 1, '', /not there/],
  ['dump', 0, ''],
];

cli('each command does what it says, and its exit code tells a miss', async () => {
  for (const [command, code, out, err = /^$/] of dialogue) {
    const said = await run(command);
    assert.is(said.out, out, command);
    assert.match(said.err, err, command);
    assert.is(said.code, code, command);
  }
  const tried = new Set(dialogue.map(([command]) => command.split(' ')[0]));
  const untried = commands.filter((row) => !tried.has(row.name)).map((row) => row.name);
  assert.equal(untried, ['stats', 'watch'], 'those that have tests of their own');
});

cli('a value goes through pipes byte for byte, whatever it is', async () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => (index * 7919) >> 3);
  assert.is((await run('set bytes', bytes)).code, 0);
  assert.equal(new Uint8Array((await run('get bytes')).bytes), bytes);
  await runWords(['set', 'empty', '']);
  assert.is((await run('get empty')).code, 0);
});

cli('what is not UTF-8 is base64 in JSON, and JSON says so', async () => {
  await run('set bytes', Uint8Array.of(0xff, 0, 1));
  assert.equal(JSON.parse((await run('get bytes --json')).out), {
    key: 'bytes',
    status: 'found',
    value: '/wAB',
    valueEncoding: 'base64',
    flags: 0,
  });
});

cli('a dump of values can be sent to a server as it is', async () => {
  await run('flush');
  await run('set plain --flags 5 --expire 1000', 'a\r\nb\0');
  await runWords(['set', 'ke\ty ü', 'wärts']);
  const keys = (await run('dump')).out.split('\n').sort();
  assert.equal(keys, ['', '"ke\\ty ü"', 'plain']);
  const { bytes } = await run('dump --values');
  const json = (await run('dump --values --json')).out;
  assert.match(json, /"expire":"\d{4}-\d\d-\d\dT[\d:.]{12}Z"/);
  assert.match(json, /"expire":null/);
  await run('flush');
  await run('raw mn');
  const other = new Server();
  const far = await listen({ host: '127.0.0.1', port: 0 }, other.accept);

  const socket = connect('port' in far.endpoint ? far.endpoint.port : 0, '127.0.0.1');
  socket.end(bytes);
  await once(socket.resume(), 'end');
  const environment = { MEMWIRE_SERVER: nameOf(far) };
  const again = (await say(['dump', '--values', '--json'], { environment })).out;
  const items = (text: string): unknown =>
    text.trim().split('\n').map((line) => {
      const { cas: _cas, ...item } = JSON.parse(line) as { cas: string; key: string };
      return item;
    }).sort((a, b) => a.key < b.key ? -1 : 1);
  assert.equal(items(again), items(json));
  await far.close();
  other.close();
});

cli('stats are words for pipes, and typed in JSON', async () => {
  const { out } = await run('stats');
  assert.match(out, /^pid \d+\nuptime \d+\n/);
  assert.match(out, '\nversion 1.6.39\n');
  const settings = JSON.parse((await run('stats settings --json')).out) as Record<string, unknown>;
  assert.is(settings['maxconns'], 1024);
  assert.is(settings['cas_enabled'], true);
});

/** Server output in which some words have become orders to a terminal, of the same length. */
function hostile(bytes: Uint8Array): Uint8Array {
  return fromLatin1(
    latin1(bytes).replaceAll('evil', '\x1b]0;').replaceAll('STAT pid ', 'STAT \x1b[m ')
      .replaceAll('1.6.39', '\x9b2J\x07\x7f\x1b'),
  );
}

cli('nothing that a server answers gives orders to a terminal, or breaks JSON', async () => {
  const honest = new Server();
  const far = await listen({ host: '127.0.0.1', port: 0 }, (transport, address) =>
    honest.accept({
      send: (bytes) => transport.send(hostile(bytes)),
      pause: () => transport.pause(),
      resume: () => transport.resume(),
      close: () => transport.close(),
      abort: () => transport.abort(),
    }, address));
  const environment = { MEMWIRE_SERVER: nameOf(far) };
  await say(['set', 'evil', 'evil\tevil\r\n'], { environment });
  await say(['set', 'a'], { environment, input: 'evil\u009b\u202e\u{e0001}\tevil\r\nevil\x7f' });
  await say(['set', 'bytes'], { environment, input: Uint8Array.of(0xff, 0x1b, 0x0a) });
  const said: Record<string, string> = {};
  for (
    const line of [
      ...['get a', 'gets a', 'gat a 0', 'get bytes', 'stats', 'version', 'dump', 'dump --values'],
      ...['mg a v', 'mg evil k v', 'me evil', 'raw version', 'raw stats --reply lines'],
      ...['raw stats --reply stats', 'raw get evil --reply values', 'incr a', 'raw evil'],
    ]
  ) {
    for (const words of [line.split(' '), [...line.split(' '), '--json']]) {
      const terminal = new FakeTerminal(environment);
      terminal.stdout.isTTY = terminal.stderr.isTTY = true;
      await main(words, terminal);
      const text = said[words.join(' ')] = terminal.stdout.text;
      assert.not.match(
        `${text}${terminal.stderr.text}`.replaceAll(/\r?\n|\t/g, ''),
        /[\p{Cc}\p{Cf}]/u,
        words.join(' '),
      );
    }
  }
  assert.is(
    said['get a'],
    String.raw`\x1b]0;\u{9b}\u{202e}\u{e0001}`.concat('\t\\x1b]0;\r\n\\x1b]0;\\x7f\n'),
  );
  assert.is(said['get bytes'], String.raw`\xff\x1b`.concat('\n'));
  assert.match(said['stats'] ?? '', String.raw`\x1b[m `);
  assert.is(
    (JSON.parse(said['get a --json'] ?? '') as { value: string }).value,
    '\x1b]0;\u009b\u202e\u{e0001}\t\x1b]0;\r\n\x1b]0;\x7f',
  );
  // A pipe gets the bytes of a value, and the rest as a terminal does.
  assert.match((await say(['get', 'a'], { environment })).out, /\x1b\]0;/);
  assert.not.match((await say(['stats'], { environment })).out, /\x1b/);
  await far.close();
  honest.close();
});

cli('watch prints lines as they happen, until it is stopped', async () => {
  const terminal = new FakeTerminal({ MEMWIRE_SERVER: name });
  const ended = main(['watch', 'mutations'], terminal);
  const { watchers } = server.engine;
  while (watchers.count === 0) await new Promise((resolve) => setImmediate(resolve));
  await run('set seen 1');
  await terminal.stdout.says(/key=seen .*\n/);
  terminal.stop();
  assert.is(await ended, 0);
  assert.is(terminal.stderr.text, '');
});

cli('who stops a command that waits for its input gets the exit code of a shell', async () => {
  const terminal = new FakeTerminal({ MEMWIRE_SERVER: name });
  const ended = main(['set', 'a'], terminal);
  terminal.stdin.write('begun');
  while (terminal.stdin.readableLength > 0) await new Promise((resolve) => setImmediate(resolve));
  terminal.stop();
  assert.is(await ended, 130);
});

cli('a reader that has had enough ends a dump quietly', async () => {
  await run('set a 1');
  const terminal = new FakeTerminal({ MEMWIRE_SERVER: name });
  terminal.stdout.failure = 'EPIPE';
  assert.is(await main(['dump'], terminal), 0);
  assert.is(terminal.stderr.text, '');
});

cli('a pipe that fails for another reason is an error on one line', async () => {
  await run('set a 1');
  const terminal = new FakeTerminal({ MEMWIRE_SERVER: name });
  terminal.stdout.failure = 'ENOSPC';
  assert.is(await main(['get', 'a'], terminal), 3);
  assert.is(terminal.stderr.text, 'memwire get: ENOSPC\n');
});

cli('--wire shows the bytes on stderr, and leaves stdout alone', async () => {
  await run('set a one');
  const { out, err } = await run('get a --wire');
  assert.is(out, 'one');
  assert.match(
    err,
    '> get a\\r\\n\n< EN kmemwire-probe O0\\r\\n\n< END\\r\\n\n< VALUE a 0 3\\r\\n\n< one\\r\\n',
  );
});

cli('--dialect text speaks to a server without meta commands', async () => {
  const { err } = await run('delete nothing --dialect text --wire');
  assert.match(err, /^> get memwire-probe\\r\\n\n> delete nothing\\r\\n\n< END\\r\\n\n< NOT_FOUND/);
});

cli('without a server there is an embedded one, and it is said to be', async () => {
  const { code, out, err } = await say(['version']);
  assert.equal([code, out], [0, '1.6.39\n']);
  assert.match(err, /^memwire: no server is named [^\n]+ embedded [^\n]+\n$/);
});

cli('a login comes from the environment or a file', async () => {
  const guarded = new Server({ credentials: new Map([['ada', 'se:cret']]) });
  const door = await listen({ host: '127.0.0.1', port: 0 }, guarded.accept);
  const place = nameOf(door);
  const tell = (environment: Record<string, string>, ...more: string[]): Promise<Said> =>
    say(['set', 'k', 'v', '-s', place, ...more], { environment });
  assert.is((await tell({ MEMWIRE_AUTH: 'ada:se:cret' })).code, 0);
  assert.is((await tell({}, '--auth-file', temporaryFile('login', 'ada:se:cret\n'))).code, 0);
  const wrong = await tell({ MEMWIRE_AUTH: 'ada:other' });
  assert.is(wrong.code, 3);
  assert.not.match(wrong.err, 'other');
  assert.is((await tell({})).code, 3);
  const malformed = await tell({ MEMWIRE_AUTH: 'ada' });
  assert.equal([malformed.code, malformed.err.split('\n').length], [2, 2]);
  await door.close();
  guarded.close();
});

const openssl = findProgram('openssl');
const tls = '--tls checks the server, and shows a certificate where it is asked for one';

if (openssl === null) cli.skip(`${tls} (needs openssl)`);
else {cli(tls, async () => {
    const { directory, ca, server: own } = makeCertificates(openssl);
    const at = { host: '127.0.0.1', port: 0, tls: { ...own, ca, requireClientCert: true } };
    const door = await listen(at, server.accept);
    const base = ['version', '-s', nameOf(door), '--ca', `${directory}/ca.pem`];
    const client = ['--cert', `${directory}/client.pem`, '--key', `${directory}/client.key`];
    assert.is((await say([...base, ...client])).out, '1.6.39\n');
    assert.is((await say([...base, ...client, '--server-name', 'localhost'])).code, 0);
    assert.is((await say([...base, ...client, '--server-name', 'elsewhere'])).code, 3);
    assert.is((await say(['version', '-s', nameOf(door), '--tls'])).code, 3);
    await door.close();
  });}

const refused: readonly (readonly [command: string, because: RegExp])[] = [
  ['nothing', /^memwire: there is no command "nothing"/],
  ['--nothing', /^memwire: there is no option before a command called "--nothing"/],
  ['-s', /^memwire: the command is missing/],
  ['-s HOST', /^memwire: the command is missing/],
  ['--json serve -p -1', /^memwire: serve takes its flags behind its name/],
  ['-s HOST bridge', /^memwire: bridge takes its flags behind its name/],
  ['--expire 5 set a b', /^memwire: there is no option before a command called "--expire"/],
  ['--timeout 0 get a', /^memwire get: --timeout: "0" is not/],
  ['help nothing', /there is no command "nothing"/],
  ['get', /^memwire get: KEY is missing: get KEY/],
  ['touch a', /SECONDS is missing/],
  ['version now', /"now" is too much: version/],
  ['get a --expire 5', /Unknown option '--expire'/],
  ['touch a -1', /Unknown option '-1'\. Words that start with a dash go after --\./],
  ['touch a soon', /SECONDS: "soon" is neither a number of seconds nor a date/],
  ['incr a -- -1', /DELTA: "-1" is not a number/],
  ['incr a 18446744073709551616', /delta must be a whole number/],
  ['cas a b c', /CAS: "b" is not a number/],
  ['set a b --flags -1', /--flags: "-1" is not/],
  ['set a b --flags=-1', /--flags: "-1" is not a whole number from 0/],
  ['set a b --expire 2027-13-01', /--expire: "2027-13-01" is neither/],
  ['set a b --expire 5000000', /expire of 5000000 seconds is past memcached's limit/],
  [`get ${'k'.repeat(251)}`, /key must be/],
  ['get a --timeout 0', /--timeout: "0" is not/],
  ['get a --dialect binary', /--dialect: "binary" is not meta, text or auto/],
  ['get a --ca /nowhere/ca.pem', /--ca: ENOENT/],
  ['get a --auth-file /nowhere', /--auth-file: ENOENT/],
  ['get a --cert package.json', /--cert and --key go together/],
  ['get a -s [', /server must name a host/],
  ['mg a !', /flags must be known meta flags/],
  ['mg %% b', /KEY: "%%" is no base64/],
  ['raw get --reply all', /--reply: "all" is not one of line/],
];

for (const [command, because] of refused) {
  cli(`memwire ${command.slice(0, 40)} is refused with one line and exit code 2`, async () => {
    const { code, out, err } = await run(command);
    assert.match(err, because);
    assert.match(err, /^memwire[^\n]*\n$/);
    assert.equal([code, out], [2, '']);
  });
}

cli('what only a server can do is refused without one', async () => {
  const { code, err } = await say(['get', 'a', '--tls']);
  assert.equal([code, err], [
    2,
    'memwire get: --tls needs a server: name one with --server (memwire get --help)\n',
  ]);
});

cli('an error of the server, and no server, are exit code 3', async () => {
  await run('set text abc');
  const error = await run('incr text');
  assert.equal([error.code, error.out], [3, '']);
  assert.match(error.err, /^memwire incr: [^\n]+ answered CLIENT_ERROR [^\n]+\n$/);
  const nobody = await say(['get', 'a', '-s', '/nowhere/socket']);
  assert.is(nobody.code, 3);
  assert.match(nobody.err, /^memwire get: cannot connect to \/nowhere\/socket[^\n]*\n$/);
});

cli('help is on stdout where it was asked for, and fits 80 columns', async () => {
  for (const row of commands) {
    const { code, out, err } = await run(`${row.name} --help`);
    assert.equal([code, err], [0, '']);
    for (const flag of row.flags) assert.match(out, `--${flag} `);
    assert.is((await run(`help ${row.name}`)).out, out);
    for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
  }
  const { code, out } = await run('--help');
  assert.is(code, 0);
  for (const row of commands) assert.match(out, `\n  ${[row.name, ...row.parameters].join(' ')} `);
  for (const line of out.split('\n')) assert.ok(line.length <= 80, line);
  assert.is((await run('help')).out, out);
  const nothing = await say([]);
  assert.equal([nothing.code, nothing.out, nothing.err], [2, '', out]);
});

cli('--version and -V name the version', async () => {
  assert.is((await run('--version')).out, `memwire ${VERSION}\n`);
  assert.is((await run('-V')).out, `memwire ${VERSION}\n`);
});

cli.run();
