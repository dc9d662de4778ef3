// Server cases: dumps.
import { type Case, needing } from '../case.ts';
import { type ServerContext, talk, talkSince } from './server-case.ts';

const dumpLine = 'key=\\S+ exp=-?\\d+ la=\\d+ cas=\\d+ fetch=\\w+ cls=\\d+ size=\\d+[^\\n]*\\n';

/** Requirements on a server: dumps. The dump of a server in use may be long. */
export const dumpCases: readonly Case<ServerContext>[] = [
  talk(
    'stats cachedump',
    ['stats cachedump\r\n', 'CLIENT_ERROR bad command line\r\n'],
    ['stats cachedump x 1\r\n', 'CLIENT_ERROR bad command line format\r\n'],
    ['stats cachedump 99 1\r\n', 'CLIENT_ERROR Illegal slab id\r\n'],
    ['stats cachedump 39 0\r\n', /(ITEM [^\r]*\r\n)*END\r\n/],
  ),
  talk(
    'lru_crawler metadump gives a line for each item',
    ['set {k} 0 100 1\r\nx\r\nget {k}\r\n', /STORED[^]*END\r\n/],
    // Not `all`: that walks the LRU, which memcached reorders while it is walked.
    [
      'lru_crawler metadump hash\r\n',
      new RegExp(
        `(OK\\r\\n)?(${dumpLine})*key={k} exp=\\d+ [^\\n]*fetch=yes[^\\n]*\\n(${dumpLine})*END\\r\\n`,
      ),
    ],
    ['lru_crawler metadump 99\r\n', 'BADCLASS invalid class id\r\n'],
    ['lru_crawler metadump all\r\n', new RegExp(`(OK\\r\\n)?(${dumpLine})*END\\r\\n`)],
  ),
  ...needing(
    ['meta'],
    talkSince(
      'dump-shows-flags',
      'lru_crawler metadump shows client flags',
      [
        ['set {k} 77 0 1\r\nx\r\n', 'STORED\r\n'],
        [
          'lru_crawler metadump hash\r\n',
          new RegExp(
            `(OK\\r\\n)?(${dumpLine})*key={k} [^\\n]* flags=77 \\n(${dumpLine})*END\\r\\n`,
          ),
        ],
      ],
      [
        ['set {k} 77 0 1\r\nx\r\n', 'STORED\r\n'],
        [
          'lru_crawler metadump hash\r\n',
          new RegExp(
            `(OK\\r\\n)?(${dumpLine})*key={k} [^\\n]* size=\\d+\\n(${dumpLine})*END\\r\\n`,
          ),
        ],
      ],
    ),
    talk(
      'lru_crawler metadump writes keys as a URI does',
      ['ms {k}AAEgDQr/ 1 b\r\nx\r\n', 'HD\r\n'],
      [
        'lru_crawler metadump hash\r\n',
        new RegExp(
          `(OK\\r\\n)?(${dumpLine})*key=[^ ]*%00%01%20%0D%0A%FF [^\\n]*\\n(${dumpLine})*END\\r\\n`,
        ),
      ],
    ),
    talkSince(
      'mgdump',
      'lru_crawler mgdump gives a command for each item',
      [
        ['set {k} 0 0 1\r\nx\r\nms {k}AAEgDQr/ 1 b\r\nx\r\n', 'STORED\r\nHD\r\n'],
        [
          'lru_crawler mgdump hash\r\n',
          /(OK\r\n)?(mg \S+( b)?\r\n)*mg {k}\r\n(mg \S+( b)?\r\n)*EN\r\n/,
        ],
        [
          'lru_crawler mgdump hash\r\n',
          /(OK\r\n)?(mg \S+( b)?\r\n)*mg {k}AAEgDQr\/ b\r\n(mg \S+( b)?\r\n)*EN\r\n/,
        ],
      ],
      [['lru_crawler mgdump hash\r\n', 'ERROR\r\n']],
    ),
  ),
];
