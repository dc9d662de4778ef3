// Server cases: logins.
import type { Case } from '../case.ts';
import { type ServerContext, talk } from './server-case.ts';

const locked = 'CLIENT_ERROR unauthenticated\r\n';

/** Requirements on a server that requires a login: the user `user` with the password `pass`. */
export const authCases: readonly Case<ServerContext>[] = [
  talk(
    'a login lets everything through',
    ['set auth 0 0 9\r\nuser pass\r\n', 'STORED\r\n'],
    ['set {k} 0 0 1\r\nx\r\nget {k}\r\n', 'STORED\r\nVALUE {k} 0 1\r\nx\r\nEND\r\n'],
    // The key of the login is not an item.
    ['get auth\r\n', 'END\r\n'],
  ),
  talk('the last words of the line do not matter', [
    'set a b c 9 noreply\r\nuser pass\r\n',
    'STORED\r\n',
  ]),
  talk(
    'nothing else is done before it',
    ['set {k} 0 0\r\n', locked],
    ['version\r\n', locked],
    ['get {k}\r\nget {k}\r\n', locked],
    ['set auth 0 0 9\r\nuser pass\r\n', 'STORED\r\n'],
  ),
  talk(
    'a wrong login is refused, and another may be tried',
    ['set auth 0 0 9\r\nuser nope\r\n', 'CLIENT_ERROR authentication failure\r\n'],
    ['version\r\n', locked],
    ['set auth 0 0 9\r\nuser pass\r\n', 'STORED\r\n'],
  ),
  talk(
    'a login may come in pieces',
    ['set auth 0 0 9\r\n', ''],
    ['user pa', ''],
    ['ss\r\n', 'STORED\r\n'],
  ),
  talk(
    'a token without a password, and one that is cut wrong',
    ['set auth 0 0 4\r\nuser\r\n', 'CLIENT_ERROR bad authentication token format\r\n'],
    ['set auth 0 0 3\r\nuse\rx', 'CLIENT_ERROR bad command line termination\r\n'],
    ['set auth 0 0 9\r\nuser pass\r\n', 'STORED\r\n'],
  ),
];
