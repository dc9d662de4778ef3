import * as assert from 'uvu/assert';
import { Server } from '../core/server/mod.ts';
import { SERVER_VERSION } from '../core/server/options.ts';
import type { Listener } from '../core/io/transport.ts';
import { FakePeer } from '../test/support/fake-peer.ts';
import { FakeTerminal, type Said, say } from '../test/support/fake-terminal.ts';
import { suite } from '../test/runner/suite.ts';
import { listen } from '../transport-node/listen.ts';
import { main } from './main.ts';

const cli = suite('memwire: its command line');
const server = new Server();
let listener: Listener;
let name = '';

cli.before(async () => {
  listener = await listen({ host: '127.0.0.1', port: 0 }, server.accept);
  name = 'port' in listener.endpoint ? `127.0.0.1:${listener.endpoint.port}` : '';
  await run('set', 'a', 'one');
});

cli.after(async () => {
  await listener.close();
  server.close();
});

function run(...words: readonly string[]): Promise<Said> {
  return say(words, { environment: { MEMWIRE_SERVER: name } });
}

cli('in a terminal a line ends behind each value', async () => {
  await run('set', 'lines', 'two\n');
  await run('set', 'empty', '');
  const terminal = new FakeTerminal({ MEMWIRE_SERVER: name });
  terminal.stdout.isTTY = true;
  await main(['get', 'a', 'lines', 'empty', 'a'], terminal);
  await main(['gat', 'a', '0'], terminal);
  await main(['touch', 'a', '0'], terminal);
  await main(['version'], terminal);
  assert.is(terminal.stdout.text, `one\ntwo\n\none\none\n${SERVER_VERSION}\n`);
});

for (
  const words of [
    ['-s', 'SERVER', 'get', 'a'],
    ['-sSERVER', '--json', '--timeout', '900', 'get', 'a'],
    ['--server=SERVER', 'get', '-s', 'SERVER', 'a'],
  ]
) {
  cli(`memwire ${words.join(' ')}: flags of all commands may stand before one`, async () => {
    const { code, out, err } = await say(words.map((word) => word.replace('SERVER', name)));
    assert.equal([code, err], [0, '']);
    assert.match(out, words.includes('--json') ? '"value":"one"' : /^one$/);
  });
}

const refused: readonly (readonly [line: string, because: RegExp])[] = [
  ['-s', /^memwire: the command is missing/],
  ['-s HOST', /^memwire: the command is missing/],
  ['--json serve -p -1', /^memwire: serve takes its flags behind its name/],
  ['-s HOST bridge', /^memwire: bridge takes its flags behind its name/],
  ['--expire 5 set a b', /^memwire: there is no option before a command called "--expire"/],
  ['--timeout 0 get a', /^memwire get: --timeout: "0" is not/],
];

for (const [line, because] of refused) {
  cli(`memwire ${line} is refused`, async () => {
    const { code, out, err } = await run(...line.split(' '));
    assert.match(err, because);
    assert.equal([code, out], [2, '']);
  });
}

// The password in the address of a server is never shown, wherever the address is given.
const ADDRESS = 'memcache://user:pa s3cr3t"@cache.example:11211';
const places: readonly (readonly string[])[] = [
  ['get', 'a', '-s', ADDRESS],
  ['-s', ADDRESS, 'get', 'a'],
  ['get', 'a', `--server=${ADDRESS}/pool`],
  ['get', 'a', '-s', 'cache.example:11211?password=s3cr3t'],
  ['get', 'a', '-s', 'memcache://user:s3cr3t'],
  ['get', 'a', `--timeout=${ADDRESS}`],
  ['get', 'a', `--json=${ADDRESS}`],
  ['version', ADDRESS],
  ['console', ADDRESS],
  ['console', 'a', ADDRESS],
  ['top', ADDRESS],
  ['top', 'a', ADDRESS],
  ['conformance', ADDRESS],
  [ADDRESS],
  ['help', ADDRESS],
  [`--${ADDRESS}`],
  ['get', `--${ADDRESS}`],
  ['serve', ADDRESS],
  ['serve', '-l', ADDRESS],
  ['serve', '-p', ADDRESS],
  ['serve', '-o', ADDRESS],
  ['serve', `--${ADDRESS}`],
];

for (const words of places) {
  cli(`memwire ${words.map((word) => word.slice(0, 20)).join(' ')} shows no password`, async () => {
    const { code, out, err } = await say(words);
    assert.is.not(code, 0);
    assert.not.match(out + err, /s3cr3t/);
    assert.match(err, /^memwire[^\n]+\n$/);
  });
}

cli('a login in MEMWIRE_SERVER is refused, and shown where it belongs', async () => {
  const { code, err } = await say(['get', 'a'], { environment: { MEMWIRE_SERVER: ADDRESS } });
  assert.is(code, 2);
  assert.not.match(err, /s3cr3t/);
  assert.match(
    err,
    /"memcache:\/\/\*\*\*@cache\.example:11211".*--auth-file, MEMWIRE_AUTH or MEMCACHED_URL/,
  );
});

cli('MEMCACHED_URL names the server if nothing else does, with its options', async () => {
  const sayWith = (url: string, ...words: readonly string[]): Promise<Said> =>
    say(words, { environment: { MEMCACHED_URL: url } });
  const url = `memcached://${name}?maxPoolSize=4&keyPrefix=cli:`;
  assert.is((await sayWith(url, 'set', 'of-url', 'x')).code, 0);
  assert.is((await run('get', 'cli:of-url')).out, 'x');
  assert.is((await sayWith(url, 'get', 'of-url', '-s', name)).code, 1, 'not that of --server');
  for (
    const [address, why] of [
      ['memcached://user:s3cr3t@a,b', /must be one, not a list: name it with --server/],
      ['memcached://user:s3cr3t@h?timout=1', /timout is no option; did you mean timeout/],
      ['memcached://user:s3cr3t@', /must name a host/],
    ] as const
  ) {
    const { code, out, err } = await sayWith(address, 'get', 'a');
    assert.is(code, 2);
    assert.match(err, why);
    assert.not.match(out + err, /s3cr3t/);
  }
});

cli('a login in MEMCACHED_URL is sent, and not shown', async () => {
  const peer = new FakePeer(() => 'CLIENT_ERROR authentication failure\r\n');
  const listener = await listen({ host: '127.0.0.1', port: 0 }, peer.accept);
  const port = 'port' in listener.endpoint ? listener.endpoint.port : 0;
  const environment = { MEMCACHED_URL: `memcached://user:s3cr3t@127.0.0.1:${port}` };
  const { code, out, err } = await say(['get', 'a'], { environment });
  assert.is(code, 3);
  assert.match(peer.received, /user s3cr3t/);
  assert.match(err, /refused the credentials/);
  assert.not.match(out + err, /s3cr3t/);
  await listener.close();
});

cli('a password that a server repeats is not shown', async () => {
  const peer = new FakePeer(() => 'ERROR unknown command "user s3cr3t"\r\n');
  const echo = await listen({ host: '127.0.0.1', port: 0 }, peer.accept);
  const port = 'port' in echo.endpoint ? echo.endpoint.port : 0;
  const environment = { MEMWIRE_AUTH: 'user:s3cr3t' };
  for (const command of ['conformance', 'version']) {
    const { code, out, err } = await say([command, '-s', `127.0.0.1:${port}`], { environment });
    assert.is(code, 3);
    assert.not.match(out + err, /s3cr3t/);
  }
  await echo.close();
});

cli('a password that the console is given in the wrong place is not shown', async () => {
  const { out, err } = await say(['console'], {
    input: `memcache://user:s3cr3t@host\nversion memcache://user:s3cr3t@host\n`,
  });
  assert.not.match(out + err, /s3cr3t/);
  assert.is(err.split('\n').length, 3);
});

cli.run();
