// Helpers of the wire cases.
import { ClientConnection } from '../../core/wire/client-connection.ts';
import type { ClientConnectionOptions } from '../../core/wire/client-connection-options.ts';
import type { ClientEvent } from '../../core/wire/client-event.ts';
import type { Command } from '../../core/wire/command.ts';
import { bytes, text } from '../assert.ts';

const noreply = false;
export const get = (...keys: string[]): Command => ({ verb: 'get', keys });
export const mg = (key: string, ...flags: string[]): Command => ({
  verb: 'mg',
  key,
  base64: false,
  flags,
});
export const ma = (key: string): Command => ({ verb: 'ma', key, base64: false, flags: ['v'] });
export const set = (key: string): Command => ({
  verb: 'set',
  key,
  flags: 0,
  expire: 0,
  value: 'x',
  noreply,
});
export const incr = (key: string): Command => ({ verb: 'incr', key, delta: 1n, noreply });
export const version: Command = { verb: 'version' };
export const watch: Command = { verb: 'watch', words: [] };
export const quit: Command = { verb: 'quit' };

/** A connection that is proved to speak meta commands. */
export function proven(options: Partial<ClientConnectionOptions> = {}): ClientConnection<string> {
  const connection = new ClientConnection<string>({ ...options, dialect: 'meta' });
  connection.prove();
  drain(connection);
  receive(connection, 'EN kmemwire-probe O0\r\n');
  return connection;
}

/** Such a connection after these commands were sent, each tagged by its position: a, b, c. */
export function sent(...commands: Command[]): ClientConnection<string> {
  const connection = proven();
  commands.forEach((command, index) => connection.send(command, 'abcdefgh'[index]));
  drain(connection);
  return connection;
}

/** Sends all pending bytes of a connection; returns them as text. */
export function drain(connection: ClientConnection<string>, now = 0): string {
  let sent = '';
  for (let data = connection.transmit(now); data !== null; data = connection.transmit(now)) {
    sent += text(data);
    connection.sent(data.length);
    connection.assertInvariants();
  }
  return sent;
}

/** Takes all available events. */
export function events(connection: ClientConnection<string>): ClientEvent<string>[] {
  const found: ClientEvent<string>[] = [];
  for (let event = connection.next(); event !== null; event = connection.next()) {
    found.push(event);
    connection.assertInvariants();
  }
  return found;
}

/** Lets a connection receive text; returns the resulting events. */
export function receive(
  connection: ClientConnection<string>,
  data: string,
  now = 0,
): ClientEvent<string>[] {
  connection.receive(bytes(data), now);
  return events(connection);
}

/** Events as short text: `a: HD`, `timeout b unknown`, `closed [unsent] [unanswered]`. */
export function brief(list: readonly ClientEvent<string>[]): string[] {
  return list.map((event) => {
    switch (event.type) {
      case 'reply': {
        const { reply } = event;
        const value = reply.type === 'VA' ? ` ${text(reply.value)}` : '';
        const items = reply.type === 'values'
          ? reply.items.map((item) => ` ${text(item.value)}`).join('')
          : '';
        const errors = reply.type === 'silent' && reply.errors.length > 0
          ? ` ${reply.errors.map(({ type }) => type).join(' ')}`
          : '';
        return `${event.tag}: ${reply.type}${value}${items}${errors}`;
      }
      case 'item':
        return `${event.tag}, ${event.item.type}`;
      case 'sent':
        return `sent ${event.tag}`;
      case 'refused':
        return `refused ${event.tag} ${event.error.outcome}`;
      case 'timeout':
        return `timeout ${event.tag} ${event.outcome}`;
      case 'quiet-error':
        return `quiet error ${event.reply.type}`;
      case 'closed':
        return `closed [${event.unsent.join(' ')}] [${event.unanswered.join(' ')}]`;
    }
  });
}
