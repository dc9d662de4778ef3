// Server cases: meta commands.
import type { Case } from '../case.ts';
import { type ServerContext, type Step, talk, talkSince } from './server-case.ts';

const set: Step = ['set {k} 5 0 5\r\nvalue\r\n', 'STORED\r\n'];
const invalidFlag = /CLIENT_ERROR invalid (or duplicate )?flag\r\n/;

/** Requirements on a server: the meta commands, every flag and reply. */
export const metaCases: readonly Case<ServerContext>[] = [
  talk('mn is always answered', ['mn\r\n', 'MN\r\n']),
  talk('mg of what is not there', ['mg {k} v\r\n', 'EN\r\n'], ['mg {k}\r\n', 'EN\r\n']),
  talk('mg gives back the opaque and the key also for a miss', [
    'mg {k} v Oabc k\r\n',
    'EN Oabc k{k}\r\n',
  ]),
  talk(
    'mg gives what it is asked for, in the order asked',
    set,
    ['mg {k}\r\n', 'HD\r\n'],
    ['mg {k} v\r\n', 'VA 5\r\nvalue\r\n'],
    ['mg {k} s v f k O1\r\n', 'VA 5 s5 f5 k{k} O1\r\nvalue\r\n'],
    ['mg {k} t\r\n', 'HD t-1\r\n'],
    ['mg {k} c\r\n', /HD c\d+\r\n/],
  ),
  talk(
    'mg tells of earlier reads',
    set,
    ['mg {k} h l u\r\n', /HD h0 l[01]\r\n/],
    ['mg {k} h\r\n', 'HD h0\r\n'],
    ['mg {k} h l\r\n', /HD h1 l[01]\r\n/],
  ),
  talk(
    'mg sets when it expires, and shows it where that is asked later',
    set,
    ['mg {k} t T100\r\n', 'HD t-1\r\n'],
    ['mg {k} T200 t\r\n', /HD t(200|199)\r\n/],
  ),
  talk(
    'mg vivifies for one reader, and tells the others',
    ['mg {k} v N100 s f\r\n', 'VA 0 s0 f0 W\r\n\r\n'],
    ['mg {k} v N100\r\n', 'VA 0 Z\r\n\r\n'],
    ['mg {k} t\r\n', /HD t(100|99) Z\r\n/],
    ['ms {k} 1\r\nx\r\n', 'HD\r\n'],
    ['mg {k} v N100\r\n', 'VA 1\r\nx\r\n'],
  ),
  talk(
    'mg hands the recache to one reader when little time is left',
    ['set {k} 0 50 1\r\nx\r\n', 'STORED\r\n'],
    ['mg {k} v R30\r\n', 'VA 1\r\nx\r\n'],
    ['mg {k} v R80\r\n', 'VA 1 W\r\nx\r\n'],
    ['mg {k} v R80\r\n', 'VA 1 Z\r\nx\r\n'],
  ),
  talk(
    'an item that was marked stale is won once and stays stale until it is set',
    set,
    ['md {k} I T30\r\n', 'HD\r\n'],
    ['mg {k} t v\r\n', /VA 5 t(30|29) X W\r\nvalue\r\n/],
    ['mg {k} v\r\n', 'VA 5 Z X\r\nvalue\r\n'],
    ['ms {k} 3\r\nnew\r\n', 'HD\r\n'],
    ['mg {k} v\r\n', 'VA 3\r\nnew\r\n'],
  ),
  {
    name: 'an item that was marked stale takes an older cas, and stays stale',
    async run(context) {
      await talk(
        'older cas',
        set,
        ['md {k} I T1000\r\n', 'HD\r\n'],
        ['ms {k} 3 C1\r\nold\r\n', /EX\r\n/],
        ['ms {k} 3 C1 I\r\nold\r\n', 'HD\r\n'],
        // Its time to live is that of the newer one.
        ['mg {k} v t\r\n', /VA 3 t(1000|99\d) X W\r\nold\r\n/],
        ['ms {k} 5 C1 I\r\nolder\r\n', 'HD\r\n'],
        ['mg {k} v\r\n', 'VA 5 Z X\r\nolder\r\n'],
      ).run(context);
    },
  },
  talk(
    'ms stores with flags and a time to live',
    ['ms {k} 5 F77 T100\r\nvalue\r\n', 'HD\r\n'],
    ['mg {k} f v t\r\n', /VA 5 f77 t(100|99)\r\nvalue\r\n/],
  ),
  talk(
    'ms gives back what it is asked for',
    ['ms {k} 1 k Oabc c\r\nx\r\n', /HD k{k} Oabc c[1-9]\d*\r\n/],
    ['ms {k} 1 ME O1 k\r\ny\r\n', 'NS O1 k{k}\r\n'],
  ),
  talk(
    'ms in its modes',
    ['ms {k} 1 MR\r\n1\r\n', 'NS\r\n'],
    ['ms {k} 1 MA\r\n1\r\n', 'NS\r\n'],
    ['ms {k} 1 MP\r\n1\r\n', 'NS\r\n'],
    ['ms {k} 1 ME\r\nb\r\n', 'HD\r\n'],
    ['ms {k} 1 ME\r\nc\r\n', 'NS\r\n'],
    ['ms {k} 1 MA\r\nc\r\n', 'HD\r\n'],
    ['ms {k} 1 MP\r\na\r\n', 'HD\r\n'],
    ['mg {k} v\r\n', 'VA 3\r\nabc\r\n'],
    ['ms {k} 1 MR\r\nd\r\n', 'HD\r\n'],
    ['ms {k} 1 MS\r\ne\r\n', 'HD\r\n'],
    ['mg {k} v\r\n', 'VA 1\r\ne\r\n'],
  ),
  talk(
    'ms compares a cas',
    ['ms {k} 1 C5\r\nx\r\n', 'NF\r\n'],
    set,
    ['ms {k} 1 C9999999999\r\nx\r\n', 'EX\r\n'],
    ['ms {k} 1 MA C9999999999\r\nx\r\n', 'EX\r\n'],
    ['mg {k} v\r\n', 'VA 5\r\nvalue\r\n'],
  ),
  talk(
    'q leaves out HD of ms, md and ma, and EN of mg',
    ['ms {k} 1 q\r\n5\r\nmn\r\n', 'MN\r\n'],
    ['mg {k} v q\r\n', 'VA 1\r\n5\r\n'],
    ['ma {k} q\r\nmn\r\n', 'MN\r\n'],
    ['md {k} q\r\nmn\r\n', 'MN\r\n'],
    ['mg {k} v q\r\nmn\r\n', 'MN\r\n'],
  ),
  talk(
    'q does not leave out what went wrong',
    ['ms {k} 1 MR q O1\r\n5\r\n', 'NS O1\r\n'],
    ['md {k} q O2\r\n', 'NF O2\r\n'],
    ['ma {k} q O3\r\n', 'NF O3\r\n'],
    set,
    ['ma {k} q\r\n', 'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n'],
    ['md {k} q C9999999999\r\n', 'EX\r\n'],
  ),
  talk(
    'md deletes, and compares a cas',
    ['md {k}\r\n', 'NF\r\n'],
    ['md {k} k O1\r\n', 'NF k{k} O1\r\n'],
    set,
    ['md {k} C9999999999\r\n', 'EX\r\n'],
    ['md {k} O2 k\r\n', 'HD O2 k{k}\r\n'],
    ['mg {k}\r\n', 'EN\r\n'],
  ),
  talk(
    'ma adds and subtracts',
    ['ma {k}\r\n', 'NF\r\n'],
    ['set {k} 0 0 2\r\n10\r\n', 'STORED\r\n'],
    ['ma {k}\r\n', 'HD\r\n'],
    ['ma {k} v D5\r\n', 'VA 2\r\n16\r\n'],
    ['ma {k} v MD D20\r\n', 'VA 1\r\n0\r\n'],
    ['ma {k} v M+ D18446744073709551615\r\n', 'VA 20\r\n18446744073709551615\r\n'],
    ['ma {k} v MI\r\n', 'VA 1\r\n0\r\n'],
    ['ma {k} v M- Oabc k t\r\n', 'VA 1 Oabc k{k} t-1\r\n0\r\n'],
  ),
  talk(
    'ma vivifies',
    ['ma {k} v N100 J13 t\r\n', /VA 2 t(100|99)\r\n13\r\n/],
    ['ma {k} v N0 J13\r\n', 'VA 2\r\n14\r\n'],
    ['mg {k} f s\r\n', 'HD f0 s2\r\n'],
    ['ma {k}0 v N0\r\n', 'VA 1\r\n0\r\n'],
  ),
  talk(
    'ma of what is no number says so before it compares a cas',
    ['set {k} 0 0 0\r\n\r\n', 'STORED\r\n'],
    [
      'ma {k} C9999999999\r\n',
      'CLIENT_ERROR cannot increment or decrement non-numeric value\r\n',
    ],
  ),
  talk(
    'ma compares a cas',
    ['set {k} 0 0 1\r\n1\r\n', 'STORED\r\n'],
    ['ma {k} C9999999999\r\n', 'EX\r\n'],
    ['ma {k} v c\r\n', /VA 1 c\d+\r\n2\r\n/],
  ),
  talk(
    'me tells of an item',
    ['me {k}\r\n', 'EN\r\n'],
    set,
    ['me {k}\r\n', /ME {k} exp=-1 la=\d cas=\d+ fetch=no cls=\d+ size=\d+\r\n/],
    ['mg {k}\r\n', 'HD\r\n'],
    ['me {k}\r\n', /ME {k} exp=-1 la=\d cas=\d+ fetch=yes cls=\d+ size=\d+\r\n/],
  ),
  talk(
    'a binary key travels as base64, and comes back so',
    ['ms AAEgDQr/ 1 b k\r\nx\r\n', 'HD kAAEgDQr/ b\r\n'],
    ['mg AAEgDQr/ b v k\r\n', 'VA 1 kAAEgDQr/ b\r\nx\r\n'],
    ['me AAEgDQr/ b b\r\n', /ME AAEgDQr\/ exp=-1 la=\d cas=\d+ fetch=yes cls=\d+ size=\d+\r\n/],
    ['md AAEgDQr/ b k O1\r\n', 'HD kAAEgDQr/ b O1\r\n'],
    ['mg AAEgDQr/ b k\r\n', 'EN kAAEgDQr/ b\r\n'],
  ),
  talk(
    'base64 is one more way to write a key',
    ['set bWVtd2lyZTY0 0 0 1\r\nx\r\nset memwire64 0 0 1\r\ny\r\n', 'STORED\r\nSTORED\r\n'],
    ['mg bWVtd2lyZTY0 b v\r\n', 'VA 1\r\ny\r\n'],
    ['mg bWVtd2lyZTY0 v\r\n', 'VA 1\r\nx\r\n'],
  ),
  talk('an opaque may have 31 bytes, and no more', [
    `mg {k} O${'x'.repeat(31)}\r\n`,
    `EN O${'x'.repeat(31)}\r\n`,
  ], [`mg {k} O${'x'.repeat(32)}\r\n`, 'CLIENT_ERROR opaque token too long\r\n']),
  talk('hints for proxies are ignored', set, ['mg {k} v Pabc L\r\n', 'VA 5\r\nvalue\r\n']),
  talk('a flag may not come twice', ['mg {k} v v\r\n', 'CLIENT_ERROR duplicate flag\r\n']),
  talk('an unknown flag is refused', ['mg {k} Q\r\n', 'CLIENT_ERROR invalid flag\r\n'], [
    'ma {k} Q\r\n',
    invalidFlag,
  ], ['md {k} Q\r\n', invalidFlag]),
  talk('an argument that is no number is refused', [
    'mg {k} Tx\r\n',
    'CLIENT_ERROR bad token in command line format\r\n',
  ]),
  talk('a refused ms throws its value away', [
    'ms {k} 7 Tx\r\nversion\r\n',
    'CLIENT_ERROR bad token in command line format\r\n',
  ], ['ms {k} 2 MX\r\nab\r\n', 'CLIENT_ERROR invalid mode for ms M token\r\n']),
  talk('ma of a mode that is none', [
    'ma {k} MX\r\n',
    'CLIENT_ERROR invalid mode for ma M token\r\n',
  ]),
  talk('a key that is no base64', ['mg !!! b\r\n', 'CLIENT_ERROR error decoding key\r\n']),
  talkSince(
    'new-cas',
    'E names the new cas',
    [
      ['ms {k} 1 E1234 c\r\nx\r\n', 'HD c1234\r\n'],
      ['mg {k} c\r\n', 'HD c1234\r\n'],
      ['ms {k} 1 C1234 E18446744073709551615 c\r\ny\r\n', 'HD c18446744073709551615\r\n'],
      ['md {k} I E77\r\n', 'HD\r\n'],
      ['mg {k} c\r\n', 'HD c77 X W\r\n'],
      ['ma {k}n N0 E5 c\r\n', 'HD c5\r\n'],
      ['ma {k}n E9 c\r\n', 'HD c9\r\n'],
      ['mg {k}v N0 E8 c\r\n', 'HD c8 W\r\n'],
    ],
    [['mg {k} E5\r\n', invalidFlag]],
  ),
  talkSince(
    'md-empties',
    'md x empties an item and keeps it',
    [
      ['ms {k} 5 F5\r\nvalue\r\n', 'HD\r\n'],
      ['md {k} x\r\n', 'HD\r\n'],
      ['mg {k} v s f\r\n', 'VA 0 s0 f0\r\n\r\n'],
      ['md {k} x I T30\r\n', 'HD\r\n'],
      ['mg {k} t\r\n', /HD t(30|29) X W\r\n/],
    ],
    [['md {k} x\r\n', invalidFlag]],
  ),
  talkSince(
    'compared-read',
    'mg C leaves out a value that the reader has',
    [
      ['ms {k} 5\r\nvalue\r\n', 'HD\r\n'],
      ['mg {k} v C987654321\r\n', 'VA 5\r\nvalue\r\n'],
      ['ms {k} 5 E4321\r\nvalue\r\n', 'HD\r\n'],
      ['mg {k} v C4321\r\n', 'HD\r\n'],
    ],
    [set, ['mg {k} v C987654321\r\n', 'VA 5\r\nvalue\r\n']],
  ),
  talkSince(
    'append-vivifies',
    'ms vivifies what it appends to',
    [
      ['ms {k} 1 MA N100\r\nb\r\n', 'HD\r\n'],
      ['ms {k} 1 MP N0\r\na\r\n', 'HD\r\n'],
      ['mg {k} v t\r\n', /VA 2 t(100|99)\r\nab\r\n/],
    ],
    [['ms {k} 1 MA N100\r\nb\r\n', 'NS\r\n']],
  ),
  talkSince(
    'size-of-stored',
    'ms s gives back the size',
    [
      ['ms {k} 3 s\r\nabc\r\n', 'HD s3\r\n'],
      ['ms {k} 2 MA s\r\nde\r\n', 'HD s5\r\n'],
    ],
    [['ms {k} 3 s\r\nabc\r\n', 'HD\r\n']],
  ),
  talkSince(
    'quiet-vivify',
    'q leaves out HD of an ma that vivifies',
    [['ma {k} N0 J5 q\r\nma {k}v N0 J5 q v\r\nmn\r\n', 'MN\r\n']],
    [['ma {k} N0 J5 q\r\nma {k}v N0 J5 q v\r\nmn\r\n', 'HD\r\nVA 1\r\n5\r\nMN\r\n']],
  ),
  talkSince(
    'me-counts-down',
    'me tells how long an item has to live',
    [
      ['set {k} 0 1000 1\r\nx\r\n', 'STORED\r\n'],
      ['me {k}\r\n', /ME {k} exp=(1000|99\d) la=\d cas=\d+ fetch=no cls=1 size=\d+\r\n/],
    ],
    [
      ['set {k} 0 1000 1\r\nx\r\n', 'STORED\r\n'],
      ['me {k}\r\n', /ME {k} exp=-(1000|99\d) la=\d cas=\d+ fetch=no cls=1 size=\d+\r\n/],
    ],
  ),
  talkSince(
    'refused-value',
    'an ms of a key that is too long throws its value away',
    [[
      `ms ${'k'.repeat(251)} 2\r\nmn\r\nget {k}\r\n`,
      'CLIENT_ERROR bad command line format\r\nEND\r\n',
    ]],
    [[
      `ms ${'k'.repeat(251)} 2\r\nmn\r\nget {k}\r\n`,
      'CLIENT_ERROR bad command line format\r\nMN\r\nEND\r\n',
    ]],
  ),
  talk('the value of an ms whose length cannot be read is a request', [
    'ms {k} x\r\nmn\r\n',
    'CLIENT_ERROR bad command line format\r\nMN\r\n',
  ]),
];
