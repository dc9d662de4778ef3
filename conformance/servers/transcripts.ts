/** The short names of the models in the table below. */
export const shortNames: Readonly<Record<string, string>> = {
  '1.4': 'memcached 1.4',
  '1.5': 'memcached 1.5',
  '1.6.9': 'memcached 1.6.9',
  '1.6.12': 'memcached 1.6.12',
  '1.6.18': 'memcached 1.6.18',
  '1.6.45': 'memcached 1.6.45',
  'proxy': "memcached's proxy 1.6.39",
  'proxy+': "memcached's proxy 1.6.45",
  'twemproxy': 'twemproxy 0.5',
};

/**
 * Requests to the real servers, each on a connection of its own, and their recorded replies, which
 * the models of these names must repeat. `{c}` is a cas that counts up, `{v}` the server's version,
 * `(closed)` the end of the connection. 1.6.17 was recorded too, and answers like 1.6.12.
 */
export const transcripts: readonly Transcript[] = [
  ['mg none k O1\r\n', {
    '1.4': 'ERROR\r\n',
    '1.5': 'CLIENT_ERROR incorrect number of tokens supplied\r\n',
    '1.6.9 1.6.12': 'EN\r\n',
    '1.6.18 1.6.45 proxy proxy+': 'EN knone O1\r\n',
    'twemproxy': '(closed)',
  }],
  ['set k 5 0 2\r\nhi\r\nmg k v f k O1 c\r\n', {
    '1.4': 'STORED\r\nERROR\r\n',
    '1.5': 'STORED\r\nCLIENT_ERROR incorrect number of tokens supplied\r\n',
    '1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+': 'STORED\r\nVA 2 f5 kk O1 {c}\r\nhi\r\n',
    'twemproxy': '(closed)',
  }],
  ['mn\r\n', {
    '1.4': 'ERROR\r\n',
    '1.5': 'EN\r\n',
    '1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+': 'MN\r\n',
    'twemproxy': '(closed)',
  }],
  ['ms k 2 F5 O1\r\nhi\r\nget k\r\n', {
    '1.4': 'ERROR\r\nERROR\r\nEND\r\n',
    '1.5': 'CLIENT_ERROR invalid or duplicate flag\r\nERROR\r\nEND\r\n',
    '1.6.9': 'CLIENT_ERROR invalid flag\r\nERROR\r\nEND\r\n',
    '1.6.12 1.6.18 1.6.45 proxy proxy+': 'HD O1\r\nVALUE k 5 2\r\nhi\r\nEND\r\n',
    'twemproxy': '(closed)',
  }],
  ['ms k S2 F5 T0 O7 k\r\nhi\r\nget k\r\n', {
    '1.4': 'ERROR\r\nERROR\r\nEND\r\n',
    '1.5': 'CLIENT_ERROR invalid or duplicate flag\r\nERROR\r\nEND\r\n',
    '1.6.9': 'OK  O7 kk\r\nVALUE k 5 2\r\nhi\r\nEND\r\n',
    '1.6.12 1.6.18 1.6.45': 'CLIENT_ERROR bad command line format\r\nERROR\r\nEND\r\n',
    'proxy': 'CLIENT_ERROR parsing request\r\nCLIENT_ERROR parsing request\r\nEND\r\n',
    'proxy+ twemproxy': '(closed)',
  }],
  ['set v 0 0 1\r\nx\r\nms k 9 F16 O1\r\nflush_all\r\nget v\r\n', {
    '1.4': 'STORED\r\nERROR\r\nOK\r\nEND\r\n',
    '1.5': 'STORED\r\nCLIENT_ERROR invalid or duplicate flag\r\nOK\r\nEND\r\n',
    '1.6.9': 'STORED\r\nCLIENT_ERROR invalid flag\r\nOK\r\nEND\r\n',
    '1.6.12 1.6.18 1.6.45 proxy proxy+': 'STORED\r\nHD O1\r\nVALUE v 0 1\r\nx\r\nEND\r\n',
    'twemproxy': '(closed)',
  }],
  ['md none O1 k\r\n', {
    '1.4': 'ERROR\r\n',
    '1.5': 'CLIENT_ERROR invalid or duplicate flag\r\n',
    '1.6.9 1.6.12': 'NF  O1 knone\r\n',
    '1.6.18 1.6.45 proxy proxy+': 'NF O1 knone\r\n',
    'twemproxy': '(closed)',
  }],
  ['set k 5 0 2\r\nhi\r\nmd k O1 k\r\nget k\r\n', {
    '1.4': 'STORED\r\nERROR\r\nVALUE k 5 2\r\nhi\r\nEND\r\n',
    '1.5': 'STORED\r\nCLIENT_ERROR invalid or duplicate flag\r\nVALUE k 5 2\r\nhi\r\nEND\r\n',
    '1.6.9': 'STORED\r\nOK  O1 kk\r\nEND\r\n',
    '1.6.12': 'STORED\r\nHD  O1 kk\r\nEND\r\n',
    '1.6.18 1.6.45 proxy proxy+': 'STORED\r\nHD O1 kk\r\nEND\r\n',
    'twemproxy': '(closed)',
  }],
  ['set k 0 0 1\r\n5\r\nma k v O1 k\r\n', {
    '1.4 1.5': 'STORED\r\nERROR\r\n',
    '1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+': 'STORED\r\nVA 1 O1 kk\r\n6\r\n',
    'twemproxy': '(closed)',
  }],
  ['bogus 1 2\r\nversion\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18 1.6.45': 'ERROR\r\nVERSION {v}\r\n',
    'proxy': 'CLIENT_ERROR parsing request\r\nVERSION {v}\r\n',
    'proxy+ twemproxy': '(closed)',
  }],
  ['\r\nversion\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18': 'ERROR\r\nVERSION {v}\r\n',
    '1.6.45': 'CLIENT_ERROR bad command line format\r\nVERSION {v}\r\n',
    'proxy proxy+': 'CLIENT_ERROR parsing request\r\nVERSION {v}\r\n',
    'twemproxy': '(closed)',
  }],
  ['version\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+ twemproxy': 'VERSION {v}\r\n',
  }],
  ['set k 0 0 1\r\nx\r\ngat 10 k\r\n', {
    '1.4': 'STORED\r\nERROR\r\n',
    '1.5 1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+': 'STORED\r\nVALUE k 0 1\r\nx\r\nEND\r\n',
    'twemproxy': '(closed)',
  }],
  ['touch k 10\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+ twemproxy': 'NOT_FOUND\r\n',
  }],
  ['set k 0 0 1\r\nx\r\nincr k 3\r\nversion\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+ twemproxy':
      'STORED\r\nCLIENT_ERROR cannot increment or decrement non-numeric value\r\nVERSION {v}\r\n',
  }],
  ['set k z 0 5\r\nhello\r\nversion\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18':
      'CLIENT_ERROR bad command line format\r\nERROR\r\nVERSION {v}\r\n',
    '1.6.45 proxy proxy+': 'CLIENT_ERROR bad command line format\r\nVERSION {v}\r\n',
    'twemproxy': '(closed)',
  }],
  ['set k 0 -1 5\r\nhello\r\nget k\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+': 'STORED\r\nEND\r\n',
    'twemproxy': '(closed)',
  }],
  ['set k 0 0 2\r\nhello\r\nversion\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18': 'CLIENT_ERROR bad data chunk\r\nERROR\r\nVERSION {v}\r\n',
    '1.6.45':
      'CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR bad command line format\r\nVERSION {v}\r\n',
    'proxy proxy+':
      'CLIENT_ERROR bad data chunk\r\nCLIENT_ERROR parsing request\r\nVERSION {v}\r\n',
    'twemproxy': '(closed)',
  }],
  ['delete k 0\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+': 'NOT_FOUND\r\n',
    'twemproxy': '(closed)',
  }],
  ['set k 0 0 1\r\nx\r\ndelete k noreply\r\nget k\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18 1.6.45 twemproxy': 'STORED\r\nEND\r\n',
  }],
  ['flush_all\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18 1.6.45': 'OK\r\n',
    'proxy': 'CLIENT_ERROR parsing request\r\n',
    'proxy+ twemproxy': '(closed)',
  }],
  ['get ' + 'k'.repeat(251) + '\r\nversion\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18 proxy proxy+':
      'CLIENT_ERROR bad command line format\r\nVERSION {v}\r\n',
    '1.6.45': 'CLIENT_ERROR bad command line format\r\n\r\nVERSION {v}\r\n',
    'twemproxy': '(closed)',
  }],
  ['set ' + 'k'.repeat(251) + ' 0 0 9\r\nflush_all\r\nversion\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18': 'CLIENT_ERROR bad command line format\r\nOK\r\nVERSION {v}\r\n',
    '1.6.45 proxy proxy+': 'CLIENT_ERROR bad command line format\r\nVERSION {v}\r\n',
    'twemproxy': '(closed)',
  }],
  ['mg none v q\r\nmn\r\n', {
    '1.4': 'ERROR\r\nERROR\r\n',
    '1.5': 'CLIENT_ERROR incorrect number of tokens supplied\r\nEN\r\n',
    '1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+': 'MN\r\n',
    'twemproxy': '(closed)',
  }],
  ['set foo 0 0 1\r\nx\r\nmg Zm9v b k v\r\n', {
    '1.4': 'STORED\r\nERROR\r\n',
    '1.6.9': 'STORED\r\nCLIENT_ERROR invalid flag\r\n',
    '1.6.12 1.6.18 1.6.45 proxy proxy+': 'STORED\r\nVA 1 kfoo\r\nx\r\n',
    'twemproxy': '(closed)',
  }],
  ['ms k abc\r\nflush_all\r\nversion\r\n', {
    '1.4': 'ERROR\r\nOK\r\nVERSION {v}\r\n',
    '1.5': 'CLIENT_ERROR invalid or duplicate flag\r\nOK\r\nVERSION {v}\r\n',
    '1.6.9': 'CLIENT_ERROR invalid flag\r\nOK\r\nVERSION {v}\r\n',
    '1.6.12 1.6.18 1.6.45': 'CLIENT_ERROR bad command line format\r\nOK\r\nVERSION {v}\r\n',
    'proxy': 'CLIENT_ERROR parsing request\r\nCLIENT_ERROR parsing request\r\nVERSION {v}\r\n',
    'proxy+ twemproxy': '(closed)',
  }],
  ['ms k 4\r\nquit\r\nversion\r\n', {
    '1.4': 'ERROR\r\n(closed)',
    '1.5': 'CLIENT_ERROR invalid or duplicate flag\r\n(closed)',
    '1.6.9': 'CLIENT_ERROR invalid flag\r\n(closed)',
    '1.6.12 1.6.18 1.6.45 proxy proxy+': 'HD\r\nVERSION {v}\r\n',
    'twemproxy': '(closed)',
  }],
  ['get none\r\nmg none k O1\r\nget none\r\n', {
    '1.4': 'END\r\nERROR\r\nEND\r\n',
    '1.5': 'END\r\nCLIENT_ERROR incorrect number of tokens supplied\r\nEND\r\n',
    '1.6.9 1.6.12': 'END\r\nEN\r\nEND\r\n',
    '1.6.18 1.6.45 proxy proxy+': 'END\r\nEN knone O1\r\nEND\r\n',
    'twemproxy': '(closed)',
  }],
  ['set k 0 0 1\r\nx\r\nms k 1 C99999 O1 k\r\ny\r\n', {
    '1.4': 'STORED\r\nERROR\r\nERROR\r\n',
    '1.5': 'STORED\r\nCLIENT_ERROR invalid or duplicate flag\r\nERROR\r\n',
    '1.6.9': 'STORED\r\nCLIENT_ERROR invalid flag\r\nERROR\r\n',
    '1.6.12 1.6.18 1.6.45 proxy proxy+': 'STORED\r\nEX O1 kk\r\n',
    'twemproxy': '(closed)',
  }],
  ['mg k N30 v c O1 k\r\nmg k N30 v O2 k\r\n', {
    '1.4': 'ERROR\r\nERROR\r\n',
    '1.5': 'CLIENT_ERROR invalid or duplicate flag\r\nCLIENT_ERROR invalid or duplicate flag\r\n',
    '1.6.9 1.6.12 1.6.18 1.6.45 proxy proxy+': 'VA 0 {c} O1 kk W\r\n\r\nVA 0 O2 kk Z\r\n\r\n',
    'twemproxy': '(closed)',
  }],
  ['mg none\r\n', {
    '1.4': 'ERROR\r\n',
    '1.5 1.6.18 1.6.45 proxy proxy+': 'EN\r\n',
    '1.6.9 1.6.12': 'CLIENT_ERROR bad command line format\r\n',
    'twemproxy': '(closed)',
  }],
  ['set k 5 0 2\r\nhi\r\nmd k I T30\r\nmg k v\r\n', {
    '1.4': 'STORED\r\nERROR\r\nERROR\r\n',
    '1.6.9': 'STORED\r\nOK \r\nVA 2 X W\r\nhi\r\n',
    '1.6.12': 'STORED\r\nHD \r\nVA 2 X W\r\nhi\r\n',
    '1.6.18 1.6.45 proxy proxy+': 'STORED\r\nHD\r\nVA 2 X W\r\nhi\r\n',
    'twemproxy': '(closed)',
  }],
  ['set k 0 0 1\r\nx\r\nbogus\r\n', {
    '1.4 1.5 1.6.9 1.6.12 1.6.18 1.6.45': 'STORED\r\nERROR\r\n',
    'proxy': 'STORED\r\nCLIENT_ERROR parsing request\r\n',
    'proxy+ twemproxy': '(closed)',
  }],
];

export type Transcript = readonly [sent: string, replies: Readonly<Record<string, string>>];
