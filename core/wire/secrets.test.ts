// The law: what only its caller may see is in no error that others do.
import * as assert from 'uvu/assert';
import { bytes } from '../../conformance/assert.ts';
import { drain, receive } from '../../conformance/wire/tools.ts';
import { suite } from '../../test/runner/suite.ts';
import { ClientConnection } from './client-connection.ts';
import { ConnectionError, ProtocolError, SerdeError, ServerReplyError } from './errors.ts';
import { isQuoting } from './quoting.ts';
import { loginMessages, withoutSecret } from './server-messages.ts';

const secrets = suite('wire: secrets');

const PASSWORD = 'correct-horse';

function loggedIn(): ClientConnection<string> {
  const connection = new ClientConnection<string>({ dialect: 'text' });
  connection.send({ verb: 'auth', username: 'app', password: PASSWORD }, 'login');
  connection.send({ verb: 'version' }, 'version');
  assert.match(drain(connection), PASSWORD);
  return connection;
}

for (
  const reply of [
    `CLIENT_ERROR app ${PASSWORD} is no login\r\n`,
    `SERVER_ERROR ${PASSWORD}\r\n`,
    `${PASSWORD}? ${PASSWORD}\r\n`,
    `STORED\r\n|SERVER_ERROR ${PASSWORD}\r\n`,
    `STORED\r\n|${PASSWORD}\r\n`,
  ]
) {
  secrets(`the password of a login is in no event: ${JSON.stringify(reply)}`, () => {
    const connection = loggedIn();
    const found = reply.split('|').flatMap((part) => {
      drain(connection);
      return receive(connection, part);
    });
    const shown = found.map((event) => [
      JSON.stringify(event),
      event.type === 'closed' ? String(event.cause) : '',
    ]).flat().join('\n');
    assert.not.match(shown, /correct|horse/);
    assert.match(shown, '***');
  });
}

secrets('what a server says is as it was where there is no password', () => {
  const connection = new ClientConnection<string>({ dialect: 'text' });
  connection.send({ verb: 'version' }, 'a');
  drain(connection);
  connection.receive(bytes('SERVER_ERROR a mutant\r\n'), 0);
  const event = connection.next();
  assert.ok(event?.type === 'reply');
  assert.equal(event.reply, { type: 'SERVER_ERROR', message: 'a mutant' });
});

const ofMemcached = [
  '',
  'object too large for cache',
  'out of memory storing object',
  'out of memory',
  'cannot increment or decrement non-numeric value',
  'unauthenticated',
  'bad authentication token format',
  'authentication failure',
  'Too many open connections',
  'bad command line format',
  'bad data chunk',
];

secrets('what a server says of a login is known', () => {
  assert.equal(loginMessages, ofMemcached.slice(5, 8));
});

secrets('an error quotes if it, or one behind it, may repeat what its caller sent', () => {
  const quoting = [
    new ProtocolError('a line that starts with "x"'),
    new SerdeError('key', new Error('no JSON')),
    new ServerReplyError('CLIENT_ERROR', 'a value of a user'),
    new ServerReplyError('SERVER_ERROR', 'what'),
  ];
  const silent = [
    new Error('x'),
    new ConnectionError('reset', 'unknown'),
    ...ofMemcached.map((message) => new ServerReplyError('SERVER_ERROR', message)),
  ];
  for (const error of quoting) {
    assert.is(isQuoting(error), true, error.message);
    assert.is(
      isQuoting(new Error('outer', { cause: new Error('middle', { cause: error }) })),
      true,
    );
  }
  for (const error of silent) {
    assert.is(isQuoting(error), false, error.message);
    assert.is(isQuoting(new Error('outer', { cause: error })), false);
  }
  for (const none of [null, undefined, 'an error', { cause: quoting[0] }]) {
    assert.is(isQuoting(none), false);
  }
});

const hidden: readonly (readonly [secret: string, text: string, shown: string])[] = [
  ['abcdefghij', 'abcdefghij', '***'],
  ['abcdefghij', 'set auth u abcdefghij? abcdefghij!', 'set auth u ***? ***!'],
  // Half of it and more, from its start.
  ['abcdefghij', 'abcdefghi abcde abcd bcdefghij', '*** *** abcd bcdefghij'],
  ['abcdefgh', 'abcd abc', '*** abc'],
  ['abcdef', 'abcd abc', '*** abc'],
  ['abc', 'abc ab', '*** ab'],
  ['x', 'ERROR x', 'ERROR ***'],
  ['', 'ERROR x', 'ERROR x'],
  // As its bytes, in a URL, and between quotes.
  ['h\u00e9\u00e9\u00e9', 'no h\u00c3\u00a9\u00c3\u00a9\u00c3\u00a9.', 'no ***.'],
  ['%&/()=?', '/?p=%25%26%2F()%3D%3F!', '/?p=***!'],
  ['a"b"c"d', '{"p":"a\\"b\\"c\\"d"}', '{"p":"***"}'],
  // The client has to know these, and they tell nothing.
  ['out of memory', 'out of memory', 'out of memory'],
];

for (const [secret, said, shown] of hidden) {
  secrets(`of ${JSON.stringify(said)} without ${JSON.stringify(secret)} this is left`, () => {
    assert.is(withoutSecret(said, secret), shown);
  });
}

secrets.run();
