import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { commands } from './console/commands.ts';
import { complete } from './console/completion.ts';
import { FakeTerminal, say } from '../test/support/fake-terminal.ts';
import { suite } from '../test/runner/suite.ts';
import { temporaryDirectory } from '../test/support/temporary.ts';
import { VirtualClock } from '../core/io/clock.ts';
import { Server } from '../core/server/mod.ts';
import { Client, listen } from '../transport-node/mod.ts';
import { main } from './main.ts';
import { History } from './history.ts';

/** Pipes lines into the console; returns its output. No second goes by for its server. */
async function talk(...lines: readonly string[]): Promise<{ out: string[]; err: string[] }> {
  const clock = new VirtualClock();
  const { code, out, err } = await say(['console'], { input: lines.join('\n'), clock });
  assert.is(code, 0);
  return { out: out.split('\n').slice(0, -1), err: err.split('\n').slice(0, -1) };
}

const pipe = suite('memwire console in a pipe');

pipe('replies are typed: values quoted, counters exact, misses said', async () => {
  const { out, err } = await talk(
    ...[
      `set a "one\\ttwo" --flags 7`,
      'get a',
      'get a b',
      'gets a',
      'incr a',
      'set n 9007199254740993',
    ],
    ...['incr n', 'delete n', 'delete n', 'add a x', 'touch a 60', 'mg a t f', 'mg b v', 'version'],
    ...['flush_all', 'get a --json'],
  );
  assert.equal(out, [
    'stored',
    '"one\\ttwo" (7 bytes, flags 7)',
    '"one\\ttwo" (7 bytes, flags 7)',
    'b is not there',
    '"one\\ttwo" (7 bytes, flags 7, cas 1)',
    'stored',
    '9007199254740994',
    'deleted',
    'n is not there',
    'not stored: the key is there already',
    'touched',
    'HD t60 f7',
    'EN',
    '1.6.39',
    'flushed',
    '{"key":"a","status":"not-found"}',
  ]);
  assert.equal(err.length, 1);
  assert.match(err[0] ?? '', /^error: [^\n]+ answered CLIENT_ERROR/);
});

pipe('no error ends it', async () => {
  const { out, err } = await talk(
    ...['bogus', 'get', 'set a', 'get "a', 'set a "\\q"', 'wire', 'help bogus', 'touch a x', ''],
    ...['  ', `get ${'k'.repeat(251)}`, 'raw bogus', 'version'],
  );
  assert.equal(out, ['1.6.39']);
  assert.equal(err.length, 10);
  for (const line of err) assert.match(line, /^error: /);
});

pipe('bytes that are no text are written as the console reads them', async () => {
  const { out } = await talk(
    String.raw`set "a b" "\xff\x00\"\\é\u{1f600}\x1b[2J"`,
    'get "a b"',
    'dump',
    String.raw`set a '\x41 "'`,
    'get a',
  );
  assert.is(
    out[1],
    String.raw`"\xff\x00\"\\\xc3\xa9\xf0\x9f\x98\x80\x1b[2J" (14 bytes, flags 0)`,
  );
  assert.match(out[2] ?? '', /^"a b" expire=never lastAccess=\d{4}-\d\d-\d\dT/);
  assert.is(out[4], String.raw`"\\x41 \"" (6 bytes, flags 0)`);
});

pipe('nothing that a server holds can give orders to the terminal', async () => {
  const { out } = await talk(String.raw`set a "é\x1b[2J\u009b\u202e"`, 'get a');
  assert.is(out[1], String.raw`"é\x1b[2J\u{9b}\u{202e}" (11 bytes, flags 0)`);
});

pipe('wire on shows the bytes both ways, wire off does not', async () => {
  const { out } = await talk('wire on', 'get a', 'wire off', 'get a');
  assert.equal(
    out,
    [
      String.raw`  > mg memwire-probe k O0\r\n`,
      String.raw`  > get memwire-probe\r\n`,
      String.raw`  > get a\r\n`,
      String.raw`  < EN kmemwire-probe O0\r\n`,
      String.raw`  < END\r\n`,
      String.raw`  < END\r\n`,
      'a is not there',
      'a is not there',
    ],
  );
});

pipe('a large value is cut, and said to be', async () => {
  const { out } = await talk(`set a ${'x'.repeat(5000)}`, 'get a');
  assert.is(out[1], `"${'x'.repeat(4096)}" (5000 bytes, flags 0, the first 4096 shown)`);
});

pipe('help lists every command, and says more of each', async () => {
  const { out } = await talk('help');
  for (const row of commands) assert.ok(out.some((line) => line.startsWith(`  ${row.name} `)));
  assert.ok(out.some((line) => line.startsWith('  wire on|off ')));
  const { out: one } = await talk('help set', 'set --help', 'help quit');
  assert.match(one[0] ?? '', /^set KEY \[VALUE\]: /);
  assert.match(one[1] ?? '', /--expire SECONDS/);
  assert.match(one.at(-1) ?? '', /^quit: /);
});

pipe('a line that is no UTF-8 is an error with its number, and not run', async () => {
  const { out, err } = await say(['console'], {
    input: Buffer.from(
      'set b \xff\xfe\n\nset "\xc3" x\nversion\nset b "\xc3\xa9\xe2\x80\xa8"\nget b\n',
      'latin1',
    ),
  });
  assert.equal(out.split('\n').slice(1), [
    'stored',
    String.raw`"é\u{2028}" (5 bytes, flags 0)`,
    '',
  ]);
  assert.equal(
    err,
    [1, 3].map((line) =>
      `error: line ${line} is not UTF-8, so it was not run: write a byte as "\\xff"\n`
    ).join(''),
  );
});

pipe('no error repeats a word without end', async () => {
  const long = 'x'.repeat(1_000_000);
  const lines = [
    ...[long, `help ${long}`, `touch a ${long}`, `incr a ${long}`, `cas a ${long} b`],
    ...[`version ${long}`, `get a --${long}`, `get a --json=${long}`, `set a b --flags ${long}`],
    ...[`set a b --expire ${long}`, `raw a --reply ${long}`, `mg ${long} b`, `get ${long}`],
    ...[
      `mg a ${long}`,
      `md a ${long}`,
      `ma a ${long}`,
      `ms a b ${long}`,
      `raw ${long}`,
      `flush ${long}`,
    ],
    ...[`wire ${long}`, `dump ${long}`, `stats ${long}`, `watch ${long}`, `me ${long}`],
    ...[`"\\${long}"`, `"${long}`, `user:s3cr3t@${long}`, `${long}user:s3cr3t@x`],
  ];
  const { err } = await talk(...lines);
  assert.is(err.length, lines.length);
  for (const line of err) {
    assert.ok(line.length < 300, line.slice(0, 300));
    assert.not.match(line, /s3cr3t/);
  }
});

pipe('quit ends it with lines left', async () => {
  const { out } = await talk('quit', 'version');
  assert.equal(out, []);
});

pipe('a server that is not there is said at each command, and the rest is read', async () => {
  const { code, err } = await say(['console', '/nowhere/socket'], { input: 'get a\nget b\n' });
  assert.is(code, 0);
  assert.match(
    err,
    /^(error: (\/nowhere\/socket is down: )?cannot connect to \/nowhere\/socket[^\n]*\n){2}$/,
  );
});

pipe('it takes one server at most, and has help', async () => {
  const { code, err } = await say(['console', 'a', 'b']);
  assert.is(code, 2);
  assert.match(err, /^memwire console: "b" is too much[^\n]*\n$/);
  assert.match((await say(['console', '--help'])).out, /^memwire console \[SERVER\]/);
});

pipe.run();

const prompt = suite('memwire console in a terminal', 10_000);

/** A console with a prompt; `type` sends keys and waits for their output. */
class Prompt {
  readonly terminal: FakeTerminal;
  readonly ended: Promise<number>;

  /** @param home The home directory, or the whole environment. */
  constructor(home: string | Record<string, string>, ...args: readonly string[]) {
    this.terminal = new FakeTerminal(typeof home === 'string' ? { HOME: home } : home);
    this.terminal.stdin.isTTY = true;
    this.terminal.stdout.isTTY = true;
    this.ended = main(['console', ...args], this.terminal);
  }

  async type(keys: string, leadsTo: RegExp): Promise<void> {
    this.terminal.stdin.write(keys);
    await this.terminal.stdout.says(leadsTo);
  }
}

prompt('it greets, obeys, and ends at Ctrl-D', async () => {
  const { terminal, ended } = new Prompt(temporaryDirectory());
  await terminal.stdout.says(/on an embedded server.*\nmemcached 1\.6\.39\n.*\n.*memwire> /);
  terminal.stdin.write('set a one\r');
  await terminal.stdout.says(/stored\n/);
  terminal.stdin.write('\x04');
  assert.is(await ended, 0);
});

prompt('Tab completes a key that was used, and Ctrl-C forgets a line', async () => {
  const talk = new Prompt(temporaryDirectory());
  await talk.type('get nobody\r', /nobody is not there\n[^]*memwire> /);
  await talk.type('set x', /set x/);
  await talk.type('\x03', /set x[^]*\n[^]*memwire> /);
  await talk.type('delete n', /delete n/);
  await talk.type('\t', /delete n[^]*obody/);
  await talk.type('\r', /(nobody is not there\n[^]*){2}/);
  talk.terminal.stdin.write('\x04');
  await talk.ended;
  assert.is(talk.terminal.stderr.text, '');
});

prompt('Ctrl-C ends a watch, and not the console', async () => {
  const talk = new Prompt(temporaryDirectory());
  await talk.terminal.stdout.says(/memwire> /);
  await talk.type('wire on\r', /(memwire> [^]*){2}/);
  await talk.type('watch\r', /< OK/);
  await talk.type('\x03', /interrupted\n/);
  await talk.type('wire off\r', /(memwire> [^]*){4}/);
  await talk.type('version\r', /1\.6\.39\n[^]*1\.6\.39\n/);
  talk.terminal.stdin.write('\x04');
  assert.is(await talk.ended, 0);
});

prompt('Ctrl-C forgets what was typed while a command ran, lines that waited too', async () => {
  const talk = new Prompt(temporaryDirectory());
  await talk.terminal.stdout.says(/memwire> /);
  await talk.type('set a one\r', /stored\n[^]*memwire> /);
  await talk.type('wire on\r', /(memwire> [^]*){3}/);
  await talk.type('watch\r', /< OK/);
  await talk.type('flush\rhalf', /half/);
  await talk.type('\x03', /interrupted\n[^]*memwire> /);
  await talk.type('\x15get a\r', /"one" \(3 bytes/);
  talk.terminal.stdin.write('\x04');
  assert.is(await talk.ended, 0);
  assert.is(talk.terminal.stderr.text, '');
});

prompt('Ctrl-C forgets the line in a dumb terminal too', async () => {
  const { TERM } = process.env;
  process.env['TERM'] = 'dumb';
  try {
    const talk = new Prompt(temporaryDirectory());
    await talk.type('', /memwire> /);
    await talk.type('half', /half/);
    await talk.type('\x03', /half\n[^]*memwire> /);
    await talk.type('get nobody\r', /nobody is not there\n/);
    talk.terminal.stdin.write('\x04');
    assert.is(await talk.ended, 0);
    assert.is(talk.terminal.stderr.text, '');
  } finally {
    process.env['TERM'] = TERM;
    if (TERM === undefined) delete process.env['TERM'];
  }
});

prompt('a line that was begun while a command ran goes on where it was', async () => {
  const talk = new Prompt(temporaryDirectory());
  await talk.terminal.stdout.says(/memwire> /);
  await talk.type('get nobody\rdelete nothin', /nobody is not there\n[^]*memwire> delete nothin/);
  // Of keys that arrive together, only the last one is inserted at the cursor.
  talk.terminal.stdin.write('g');
  await talk.type('\r', /nothing is not there\n/);
  talk.terminal.stdin.write('\x04');
  assert.is(await talk.ended, 0);
});

prompt('a line that is typed while a command runs stays below its output', async () => {
  const server = new Server();
  const listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  const name = 'port' in listener.endpoint ? `127.0.0.1:${listener.endpoint.port}` : '';
  const talk = new Prompt(temporaryDirectory(), name);
  await talk.terminal.stdout.says(/memwire> /);
  await talk.type('watch mutations\r', /watch mutations\r\n/);
  while (server.engine.watchers.count === 0) await new Promise((resolve) => setImmediate(resolve));
  await talk.type('get half', /get half/);
  const client = new Client(name);
  for (const key of ['one', 'two']) {
    await client.set(key, 'x');
    // The line is cleared, and drawn again without a prompt.
    const drawn = String.raw`\x1b\[1G\x1b\[0J[^\n]* key=${key} [^\n]*\n\x1b\[1G\x1b\[0Jget half`;
    await talk.terminal.stdout.says(new RegExp(drawn));
  }
  await client.close();
  await talk.type('\x03', /interrupted\n[^]*memwire> /);
  talk.terminal.stdin.write('\x04');
  assert.is(await talk.ended, 0);
  await listener.close();
  server.close();
});

prompt('a line that waited for another is shown behind the prompt, where it runs', async () => {
  const talk = new Prompt(temporaryDirectory());
  await talk.terminal.stdout.says(/memwire> /);
  await talk.type('get one\rget two\r', /two is not there\n/);
  await talk.terminal.stdout.says(/one is not there\nmemwire> get two\ntwo is not there\n/);
  talk.terminal.stdin.write('\x04');
  assert.is(await talk.ended, 0);
});

prompt('a dumb terminal is sent no codes while a command runs', async () => {
  const talk = new Prompt({ HOME: temporaryDirectory(), TERM: 'dumb' });
  await talk.terminal.stdout.says(/memwire> /);
  const { length } = talk.terminal.stdout.text;
  await talk.type('get one\rget two\rhalf', /two is not there\n/);
  assert.not.match(talk.terminal.stdout.text.slice(length), /\x1b\[(0J[^\n]*is not|\d+m)/);
  talk.terminal.stdin.end();
  assert.is(await talk.ended, 0);
});

prompt('the prompt, bytes, misses and errors have colours', async () => {
  const talk = new Prompt({ HOME: temporaryDirectory(), TERM: 'xterm' }, '--wire');
  talk.terminal.stderr.isTTY = true;
  await talk.type('get a\r', /\x1b\[33ma is not there\x1b\[39m\n/);
  await talk.terminal.stdout.says(/\x1b\[1mmemwire> \x1b\[22m/);
  await talk.terminal.stdout.says(/ {2}\x1b\[34m>\x1b\[39m get a\\r\\n\n/);
  await talk.terminal.stdout.says(/ {2}\x1b\[32m<\x1b\[39m END\\r\\n\n/);
  talk.terminal.stdin.write('bogus\r');
  await talk.terminal.stderr.says(/^\x1b\[31merror: [^\n]*\x1b\[39m\n$/);
  talk.terminal.stdin.write('\x04');
  await talk.ended;
});

prompt('the history is kept for the next session, for this user alone', async () => {
  const place = temporaryDirectory();
  for (const word of ['one', 'two']) {
    const talk = new Prompt(place);
    await talk.terminal.stdout.says(/memwire> /);
    await talk.type(`get ${word}\r`, /is not there\n/);
    talk.terminal.stdin.write('\x04');
    await talk.ended;
  }
  const file = join(place, '.local/state/memwire/history');
  assert.is(readFileSync(file, 'utf8'), 'get one\nget two\n');
  assert.is(statSync(file).mode & 0o777, 0o600);
  const talk = new Prompt(place);
  await talk.terminal.stdout.says(/memwire> /);
  await talk.type('\x1b[A', /get two/);
  await talk.type('\x1b[A', /get one/);
  talk.terminal.stdin.write('\r\x04');
  await talk.ended;
});

prompt('no login in the address of a server is kept in the history, however it is written', () => {
  const home = temporaryDirectory();
  const history = new History({ HOME: home });
  for (const letters of [...'ab9:/@?#[]%., "\'\\', 'é', '']) {
    history.write(['get a', `get a -s memcached://user:${letters}s3cr3t${letters}@host`]);
    assert.equal(history.read(), ['get a'], letters);
  }
});

prompt('a history that can be neither read nor written stops nobody', async () => {
  const place = join(temporaryDirectory(), 'file');
  writeFileSync(place, '');
  chmodSync(place, 0o400);
  const talk = new Prompt(place);
  await talk.type('get a\r', /is not there\n/);
  talk.terminal.stdin.write('\x04');
  assert.is(await talk.ended, 0);
  assert.is(talk.terminal.stderr.text, '');
});

prompt.run();

const completion = suite('memwire console: completion');

const completed: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['app', ['append']],
  ['ge', ['get', 'gets']],
  ['  wi', ['wire']],
  ['get u', ['user:1', 'user:2']],
  ['get user:1 x', ['xylophone']],
  ['set u', ['user:1', 'user:2']],
  ['set user:1 u', []],
  ['set user:1 x --e', ['--expire']],
  ['dump --', ['--values', '--json']],
  ['stats se', ['settings']],
  ['watch fetchers mu', ['mutations']],
  ['help fl', ['flush']],
  ['wire o', ['on', 'off']],
  ['bogus u', []],
];

for (const [line, words] of completed) {
  completion(`${JSON.stringify(line)} becomes ${words.join(' or ') || 'nothing'}`, () => {
    const [found, begun] = complete(line, ['user:1', 'user:2', 'xylophone']);
    assert.equal(found, words);
    assert.ok(line.endsWith(begun));
  });
}

completion.run();
