// Vectors of invalid replies.
import type { Command } from '../../core/wire/command.ts';

/** Invalid replies to a command: reading one must end the connection. */
export interface BadReplyVector {
  readonly name: string;
  readonly request: Command;
  readonly bytes: string;
}

const noreply = false;
const get: Command = { verb: 'get', keys: ['k', 'l'] };
const gets: Command = { verb: 'gets', keys: ['k'] };
const set: Command = { verb: 'set', key: 'k', flags: 0, expire: 0, value: '', noreply };
const incr: Command = { verb: 'incr', key: 'k', delta: 1n, noreply };
const mg: Command = { verb: 'mg', key: 'k', base64: false, flags: ['v'] };
const md: Command = { verb: 'md', key: 'k', base64: false, flags: [] };
const stats: Command = { verb: 'stats', words: [] };
const metadump: Command = { verb: 'lru_crawler metadump', words: ['all'] };
const mgdump: Command = { verb: 'lru_crawler mgdump', words: ['all'] };
const watch: Command = { verb: 'watch', words: [] };
const config: Command = { verb: 'config get', words: ['cluster'] };
const me: Command = { verb: 'me', key: 'k', base64: false };

const bad = (name: string, request: Command, bytes: string): BadReplyVector => ({
  name,
  request,
  bytes,
});

export const badReplyVectors: readonly BadReplyVector[] = [
  bad('a reply to another command', get, 'STORED\r\n'),
  bad('a value for a write', set, 'VALUE k 0 1\r\n'),
  bad('a number for a write', set, '1\r\n'),
  bad('a word that objects have', set, 'constructor foo\r\n'),
  bad('another word that objects have', get, '__proto__\r\n'),
  bad('a known word with more after it', set, 'STORED x\r\n'),
  bad('a known word in lower case', set, 'stored\r\n'),
  bad('an empty line', get, '\r\n'),
  bad('a value for another key', get, 'VALUE x 0 1\r\n'),
  bad('a value that was answered', get, 'VALUE l 0 1\r\nx\r\nVALUE l 0 1\r\n'),
  bad('two opaques', mg, 'EN O1 O1\r\n'),
  bad('client flags twice', mg, 'VA 1 f16 f0 O1\r\nx\r\n'),
  bad('a cas twice', md, 'HD c1 c2 O1\r\n'),
  bad('client flags that are no number', mg, 'VA 1 fx O1\r\nx\r\n'),
  bad('client flags without a number', mg, 'VA 1 f O1\r\nx\r\n'),
  bad('HD to a read of a value', mg, 'HD\r\n'),
  bad('NS to a read', mg, 'NS\r\n'),
  bad('a value to a delete', md, 'VA 1\r\nx\r\n'),
  bad('a value for a longer key', get, 'VALUE kk 0 1\r\n'),
  bad('a length that is negative', get, 'VALUE k 0 -5\r\n'),
  bad('a length that is no number', get, 'VALUE k 0 x\r\n'),
  bad('a length that is empty', get, 'VALUE k 0 \r\n'),
  bad('a length that is missing', get, 'VALUE k 0\r\n'),
  bad('a length with a sign', get, 'VALUE k 0 +5\r\n'),
  bad('a length past all memory', get, 'VALUE k 0 99999999999999\r\n'),
  bad('a length past the safe integers', get, 'VALUE k 0 99999999999999999999999\r\n'),
  bad('flags that are no number', get, 'VALUE k x 1\r\n'),
  bad('flags that are negative', get, 'VALUE k -1 1\r\n'),
  bad('flags past 64 bits', get, 'VALUE k 18446744073709551616 1\r\n'),
  bad('a cas that is missing', gets, 'VALUE k 0 1\r\n'),
  bad('a cas that is no number', gets, 'VALUE k 0 1 x\r\n'),
  bad('a cas past 64 bits', gets, 'VALUE k 0 1 18446744073709551616\r\n'),
  bad('a value that is longer than announced', get, 'VALUE k 0 1\r\nxyz\r\n'),
  bad('a value without its end', get, 'VALUE k 0 1\r\nx\nEND\r\n'),
  bad('a meta value that is longer than announced', mg, 'VA 1\r\nxyz\r\n'),
  bad('a meta value without a length', mg, 'VA\r\n'),
  bad('a meta length that is negative', mg, 'VA -1\r\n'),
  bad('a meta reply for a classic command', get, 'HD\r\n'),
  bad('a classic reply for a meta command', mg, 'END\r\n'),
  bad('a meta reply with a word glued to it', mg, 'HDX\r\n'),
  bad('an old meta reply with a word glued to it', mg, 'OKX\r\n'),
  bad('one letter', mg, 'V\r\n'),
  bad('more values than keys', get, 'VALUE k 0 0\r\n\r\nVALUE l 0 0\r\n\r\nVALUE l 0 0\r\n'),
  bad('a number past 64 bits', incr, '18446744073709551616\r\n'),
  bad('a negative number', incr, '-1\r\n'),
  bad('a number with a fraction', incr, '1.5\r\n'),
  bad('an error word with more glued to it', set, 'ERRORS\r\n'),
  bad('a stats line without a name', stats, 'STATS\r\n'),
  bad('a dump line without its facts', metadump, 'key=a exp=-1\n'),
  bad(
    'a dump line with a broken key',
    metadump,
    'key=%Z exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\n',
  ),
  bad(
    'a dump line with a fact that is no number',
    metadump,
    'key=a exp=x la=5 cas=7 fetch=yes cls=1 size=63\n',
  ),
  bad('an item for another key', me, 'ME x exp=-1 la=5 cas=7 fetch=yes cls=1 size=63\r\n'),
  bad(
    'a dump line with a cas that is no number',
    metadump,
    'key=a exp=-1 la=5 cas=x fetch=yes cls=1 size=63\n',
  ),
  bad(
    'a dump line that is fetched neither nor',
    metadump,
    'key=a exp=-1 la=5 cas=7 fetch=maybe cls=1 size=63\n',
  ),
  bad(
    'a dump line with a word that is no fact',
    metadump,
    'key=a exp=-1 la=5 cas=7 fetch=yes cls=1 size=63 x\n',
  ),
  bad('a watch that is not opened', watch, 'ts=1 gid=1 x\n'),
  bad('a dump that is opened twice', metadump, 'OK\r\nOK\r\n'),
  bad('two clusters', config, 'CONFIG c 0 1\r\nx\r\nCONFIG c 0 1\r\n'),
  bad('a cluster without its flags', config, 'CONFIG c x 1\r\n'),
  bad('an end of a dump for an mgdump', mgdump, 'END\r\n'),
  bad('a line of an mgdump with more words', mgdump, 'mg AAEg x\r\n'),
  bad('a line of an mgdump with two flags', mgdump, 'mg AAEg b b\r\n'),
  bad('a line of an mgdump that is no base64', mgdump, 'mg !!! b\r\n'),
  bad('a version without the word', { verb: 'version' }, 'VERSIONS 1\r\n'),
  bad('an ok for a version', { verb: 'version' }, 'OK\r\n'),
  bad('a line of another kind of quit', { verb: 'quit' }, 'OK\r\n'),
  bad('a line without end', get, 'x'.repeat(9000)),
  bad('an endless VALUE line', get, `VALUE ${'k'.repeat(9000)}`),
];
