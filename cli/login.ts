// Logs in on raw connections, as `memwire conformance` needs.
import type { Dialer } from '../core/io/transport.ts';
import { latin1 } from '../core/wire/bytes.ts';
import { encodeCommand } from '../core/wire/encode-command.ts';
import { AuthError } from '../core/wire/errors.ts';
import { withoutSecret } from '../core/wire/server-messages.ts';
import type { Login } from './secure-flags.ts';

/** A dialer that logs in on each connection before it hands it to its owner. */
export function loggedIn(dial: Dialer, login: Login): Dialer {
  return async (to, events, signal) => {
    let answer = '';
    let isIn = false;
    let settle: (error: AuthError | null) => void = () => {};
    const answered = new Promise<AuthError | null>((resolve) => {
      settle = resolve;
    });
    // Some servers quote a line that they do not understand, password included.
    const refusal = (why: string): AuthError =>
      new AuthError(`the login was refused: ${withoutSecret(why, login.password)}`);
    const transport = await dial(to, {
      onData(chunk) {
        if (isIn) return events.onData(chunk);
        answer += latin1(chunk);
        if (answer.endsWith('\n')) settle(answer === 'STORED\r\n' ? null : refusal(answer.trim()));
      },
      onDrain: () => events.onDrain(),
      onClosed(cause) {
        if (isIn) events.onClosed(cause);
        else settle(refusal('the connection was closed'));
      },
    }, signal);
    const giveUp = (): void => settle(refusal('no answer came'));
    signal.addEventListener('abort', giveUp);
    transport.send(encodeCommand({ verb: 'auth', ...login }));
    const error = await answered;
    signal.removeEventListener('abort', giveUp);
    isIn = true;
    if (error === null) return transport;
    transport.abort();
    throw error;
  };
}
