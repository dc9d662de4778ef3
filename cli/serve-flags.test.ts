import * as assert from 'uvu/assert';
import { SERVER_VERSION } from '../core/server/options.ts';
import { VERSION } from '../core/version.ts';
import { say } from '../test/support/fake-terminal.ts';
import { suite } from '../test/runner/suite.ts';
import { temporaryFile } from '../test/support/temporary.ts';

const lines = suite('memwire: what the command line is answered');

const refused: readonly [flags: string, because: RegExp][] = [
  ['-z', /Unknown option '-z'/],
  ['--ports 1', /Unknown option '--ports'/],
  ['-p', /-p, --port <value>' argument missing/],
  ['-p 0', /-p 0: there is nothing left to listen on/],
  ['-p x', /-p: "x" is not a whole number from -1 to 65535/],
  ['-p 65536', /-p: "65536" is not/],
  ['extra', /Unexpected argument 'extra'/],
  ['-m 0', /-m: "0" is not/],
  ['-m 1 -I 1m', /-I: cannot set item size limit higher than 1\/2 of memory max/],
  ['-I 1000', /-I: item max size cannot be less than 1024 bytes/],
  ['-I 1x', /-I: "1x" is not a size/],
  ['-m 4096 -I 1025m', /-I: cannot set item size limit higher than a gigabyte/],
  ['-c 0', /-c: "0" is not/],
  ['-R 0', /-R: "0" is not/],
  ['-a 888', /-a: "888" is not an octal mask/],
  ['-l :11211', /-l: no address in ":11211"/],
  ['-l 127.0.0.1:0', /-l: "0" is not/],
  ['-U 65536', /-U: "65536" is not/],
  ['-Y users -U 11211', /-Y: cannot use UDP with ascii authentication/],
  ['-B binary', /-B binary: only ascii is spoken here/],
  ['-B http', /-B: "http" is not auto, binary or ascii/],
  ['-S', /-S: there is no SASL here/],
  ['-e /tmp/memory', /-e: items are in memory alone/],
  ['-t 0', /-t: "0" is not a whole number from 1/],
  ['-c -1', /-c: "-1" is not a whole number from 1/],
  ['-f 1', /-f: "1" is not a number more than 1/],
  ['-n 0', /-n: "0" is not/],
  ['-b x', /-b: "x" is not/],
  ['-l fo:o:ble', /-l: "fo:o:ble" is not the address of an interface/],
  ['-l mtls:127.0.0.1:1', /-l: "mtls:127.0.0.1:1" is not the address/],
  ['-p -1 -P /nowhere/pid', /-P: ENOENT/],
  ['-d', /-d: this program cannot be started once more/],
  ['-Y /nowhere/users', /-Y: ENOENT: .*\/nowhere\/users/],
  ['-Z', /-Z: needs -o ssl_chain_cert=<file>,ssl_key=<file>/],
  ['-Z -o ssl_chain_cert=/nowhere/c,ssl_key=k', /-o ssl_chain_cert: ENOENT/],
  ['-s /nowhere/socket', /cannot listen: .*\/nowhere\/socket/],
];

for (const [flags, because] of refused) {
  lines(`serve ${flags} stops with one line that says why`, async () => {
    const { code, out, err } = await say(['serve', ...flags.split(' ')]);
    assert.is(code, 1);
    assert.is(out, '');
    assert.match(err, because);
    assert.match(err, /^memwire serve: [^\n]+\n$/);
  });
}

lines('a file of users must have some, each with a password', async () => {
  const empty = await say(['serve', '-Y', temporaryFile('users', '\n')]);
  assert.match(empty.err, /has no user/);
  const wrong = await say(['serve', '-Y', temporaryFile('users', 'user\n')]);
  assert.match(wrong.err, /is not user:password/);
});

lines('-h and -V are answered, whatever else is there', async () => {
  const help = await say(['serve', '-p', 'x', '-h']);
  assert.is(help.code, 0);
  for (const flag of 'psalmIMcCFXWADYZoUvVhutbRfnBdP') assert.match(help.out, ` -${flag}`);
  const { code, out } = await say(['serve', '-V']);
  assert.is(code, 0);
  assert.match(out, `memwire ${VERSION} (memcached ${SERVER_VERSION})\n`);
});

lines.run();
