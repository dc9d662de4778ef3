// The law: a connection sends each kind of command as the table in proof.ts says, in every state.
import { readFileSync } from 'node:fs';
import * as assert from 'uvu/assert';
import { brief, drain, events, receive } from '../../conformance/wire/tools.ts';
import { suite } from '../../test/runner/suite.ts';
import { latin1 } from './bytes.ts';
import { ClientConnection } from './client-connection.ts';
import type { Command } from './command.ts';
import { encodeCommand } from './encode-command.ts';

const proof = suite('what may be sent before and after the proof');

const get: Command = { verb: 'get', keys: ['k'] };
const set = { verb: 'set', key: 'k', flags: 0, expire: 0, value: 'v', noreply: false } as const;
const mg = { verb: 'mg', key: 'k', base64: false, flags: ['v'] } as const;
const md = { ...mg, verb: 'md', flags: [] } as const;
const ms = { ...md, verb: 'ms', value: 'v' } as const;
const raw = { verb: 'raw', line: 'x', value: null, reply: 'line' } as const;

/** A command for each row, and what it is as a classic one. */
const commands: Readonly<Record<string, readonly [Command, text?: Command]>> = {
  'classic read': [get],
  'classic write, no value': [{ verb: 'delete', key: 'k', noreply: false }],
  'classic write, no value, quiet': [{ verb: 'delete', key: 'k', noreply: true }],
  'classic store': [set],
  'classic store, quiet': [{ ...set, noreply: true }, set],
  'meta read': [mg],
  'meta read, orText': [{ ...mg, orText: true }, get],
  'meta read, orText, base64 key': [{ ...mg, base64: true, orText: true }],
  'meta write, no value': [md],
  'meta write, no value, orText': [
    { ...md, orText: true },
    { verb: 'delete', key: 'k', noreply: false },
  ],
  'meta store': [ms],
  'meta store, orText': [{ ...ms, orText: true }, set],
  mn: [{ verb: 'mn' }],
  'raw, no value': [raw],
  'raw, value': [{ ...raw, value: 'v' }],
};

/** A connection in each state, with its probes sent. */
function reach(state: string): ClientConnection<string> {
  const connection = new ClientConnection<string>();
  connection.prove();
  drain(connection);
  if (state === 'meta') receive(connection, 'EN kmemwire-probe O0\r\nEND\r\n');
  if (state === 'text') receive(connection, 'ERROR\r\nEND\r\n');
  assert.is(connection.spoken, state);
  return connection;
}

/** What becomes of a command, in the words of the table. */
function fate(state: string, command: Command, text: Command | undefined): string {
  const connection = reach(state);
  connection.send(command, 'a');
  // The opaque and the fence are the connection's own.
  const sent = drain(connection).replace(/ O\d+(?=\r\n)/, '');
  const found = brief(events(connection)).join();
  if (found !== '') return found === 'refused a not-sent' && sent === '' ? 'refused' : found;
  if (sent === '') return 'waits';
  if (sent.startsWith(latin1(encodeCommand(command)))) return 'sent';
  if (text === undefined || !sent.startsWith(latin1(encodeCommand(text)))) return sent;
  return 'noreply' in command ? 'unquieted' : 'as text';
}

const source = readFileSync(new URL('proof.ts', import.meta.url), 'utf8');
const [header = [], , ...rows] = source.slice(0, source.indexOf('\nimport ')).split('\n')
  .filter((line) => line.startsWith('// | '))
  .map((line) => line.split('|').slice(1, -1).map((cell) => cell.trim()));
const states = header.slice(1);

proof('the table has every state and every command', () => {
  assert.equal(states, ['unproven', 'meta', 'text']);
  assert.equal(rows.map(([command]) => command), Object.keys(commands));
});

for (const [i, [name, [command, text]]] of Object.entries(commands).entries()) {
  for (const [j, state] of states.entries()) {
    const expected = rows[i]?.[j + 1];
    proof(`${state}, ${name}: ${expected}`, () => assert.is(fate(state, command, text), expected));
  }
}

proof(
  'what waits for the proof of a server that demands a login is answered as it would be',
  () => {
    const connection = new ClientConnection<string>({ dialect: 'auto' });
    connection.send(set, 'a');
    drain(connection);
    const [answer, end] = receive(connection, 'CLIENT_ERROR unauthenticated\r\n');
    assert.ok(answer?.type === 'reply');
    assert.equal(answer.reply, { type: 'CLIENT_ERROR', message: 'unauthenticated' });
    assert.is(end?.type, 'closed');
  },
);

proof.run();
