// The differences between versions of memcached.
import { SERVER_VERSION } from '../../core/server/options.ts';
import { BadRequest, CommandDecoder } from '../../core/wire/decode-command.ts';
import { verbs } from '../../core/wire/verbs.ts';
import { bytes } from '../assert.ts';

/** A difference between versions of memcached, or between memcached and the embedded server. */
export interface Change {
  /** The first version that has it; null if only the embedded server has it. */
  readonly since: string | null;
  readonly what: string;
  /** The embedded server has it, although the memcached that it follows has not. */
  readonly ahead?: true | undefined;
  /** Matches requests that show it: they are not sent to servers on different sides of it. */
  readonly shows?: (RegExp | ((request: string) => boolean)) | undefined;
  /** Makes the replies the same on both sides of it. */
  readonly alike?: ((said: string) => string) | undefined;
}

/**
 * THE table of differences between versions of memcached that tests have to know, each with its
 * treatment in a comparison of two servers. Cases name the rows that they depend on.
 */
export const changes: Readonly<Record<string, Change>> = {
  mgdump: { since: '1.6.19', what: '`lru_crawler mgdump`', shows: /^ *lru_crawler +mgdump/m },
  'append-vivifies': {
    since: '1.6.20',
    what: '`N` makes an `ms` that appends or prepends create what is not there',
    shows: /^ *ms [^\n]* N/m,
  },
  'size-of-stored': {
    since: '1.6.20',
    what: '`s` makes an `ms` give back the size of what is stored',
    shows: /^ *ms [^\n]* s/m,
  },
  'large-numbers': {
    since: '1.6.22',
    what: 'a number past 2^63 is one whatever lies behind it in memory',
    // Written as one, or put together of digits.
    shows: (request) =>
      /\b(9223372036854775808|18446744073709551615)\b/.test(request) ||
      /^ *(?:append|prepend|ms [^\n]* M[AP])[^\n]*\n[^\n]*\d/im.test(request),
  },
  'me-counts-down': {
    since: '1.6.24',
    what: '`me` shows the seconds until an item expires as a positive number',
    alike: (said) => said.replaceAll(/exp=-(?=[2-9]|\d\d)/g, 'exp='),
  },
  'dump-shows-flags': {
    since: '1.6.24',
    what: 'a line of a metadump ends with the client flags and a space',
    alike: (said) => said.replaceAll(/ flags=\d+ $/gm, ''),
  },
  'sizes-at-start': {
    since: '1.6.25',
    what: '`stats sizes_enable` and `sizes_disable` are gone',
    shows: /^ *stats +sizes_/m,
  },
  'new-cas': {
    since: '1.6.27',
    what: '`E` names the new cas',
    shows: /^ *m[gsda] [^\n]* E/m,
  },
  'md-empties': {
    since: '1.6.27',
    what: '`x` makes an `md` empty an item and keep it',
    shows: /^ *m[gsda] [^\n]* x/m,
  },
  'automove-window': {
    since: '1.6.34',
    what: '`slabs automove window` and `freeratio`',
    shows: /^ *slabs +automove +(window|freeratio)/m,
  },
  'automove-limits': {
    since: '1.6.45',
    what: '`slabs automove window` has limits',
    shows: /^ *slabs +automove +window/m,
  },
  'no-detail': {
    since: '1.6.37',
    what: '`-X` forbids `stats detail` too',
  },
  'compared-read': {
    since: '1.6.40',
    what: '`C` makes an `mg` leave out a value that the reader has',
    ahead: true,
    shows: /^ *mg [^\n]* C/m,
  },
  'refused-value': {
    since: '1.6.40',
    what: 'the value behind a storage line that is refused is thrown away, not read as commands',
    ahead: true,
    shows: refusesValue,
  },
  'quiet-vivify': {
    since: '1.6.40',
    what: 'a quiet `ma` that vivifies is silent',
    shows: /^ *ma (?=[^\n]* q)(?=[^\n]* N)/m,
  },
  'bad-format': {
    since: '1.6.40',
    what: 'most lines that are no commands are a CLIENT_ERROR, not an ERROR',
    alike: (said) =>
      said.replaceAll(
        /^(ERROR|CLIENT_ERROR (bad (command|token)|invalid|incorrect|error|duplicate|options).*)$/gm,
        '(bad line)',
      ),
  },
  'strict-numbers': {
    since: '1.6.40',
    what: 'a number has no plus sign and fits its bits, and none at all is 0 in a flag',
    shows: / [A-Z]?(\+\d|-(?!\d)|4294967296|\d{20})| [CDEFJNRT](?![^ \r\n])/,
  },
  'words-ignored': {
    since: '1.6.40',
    what: 'words behind the arguments are ignored',
    shows:
      /^ *((set|add|replace|append|prepend)( +[^ \n]+){6}|cas( +[^ \n]+){7}|(incr|decr|touch)( +[^ \n]+){4}|verbosity( +[^ \n]+){3}|delete +[^ \n]+ +(?!(0|noreply)[ \r\n]))/m,
  },
  'delete-noreply': {
    since: '1.6.40',
    what: '`delete noreply` deletes the key noreply and says nothing',
    shows: /^ *delete +noreply *\r?$/m,
  },
  'unknown-noreply': {
    since: '1.6.40',
    what: '`noreply` silences what is no command too',
    shows: (request) =>
      request.split('\n').some((line) => /(^| )noreply *\r?$/.test(line) && !isKnown(line)),
  },
  'flag-letters': {
    since: '1.6.40',
    what: 'a flag that is no letter or digit makes a meta line unreadable',
    shows: /^ *m[gsdae] +[^ \n]+(?: [^\n]*)? [^A-Za-z0-9 \r\n]/m,
  },
  'loud-length': {
    since: '1.6.40',
    what: '`noreply` does not silence a storage line whose length cannot be read',
    shows: isSilentlyRefused,
  },
  'gat-needs-key': {
    since: '1.6.40',
    what: 'a `gat` without a key is an error',
    shows: /^ *gats? +[^ \n]+ *$/m,
  },
  abbreviations: {
    since: '1.6.40',
    what: 'the second word of an administrative command may be cut short',
    shows:
      /^ *(stats|slabs|lru|lru_crawler|shutdown) +(?!(foo|detail|sizes_enable|reassign|automove +(window|freeratio)|tune|mode|tocrawl)\b)/m,
  },
  'plain-lines': {
    since: '1.6.40',
    what:
      'a command starts its line, which has four bytes at least, and CR and NUL are a part of it',
    shows: /^ +[^ ]|^ *[a-z_]+[^\n]*\0|^..\n|\r(?!\n)/m,
  },
  'mode-cut': {
    since: '1.6.40',
    what: 'what follows the letter of a mode is ignored',
    shows: /^ *m[as] [^\n]* M(?![^ ][ \r\n])/m,
  },
  'me-binary': {
    since: '1.6.40',
    what: '`me` finds a base64 key only when the `b` stands twice',
    shows: /^ *me [^\n]* b/m,
  },
  'shutdown-error': {
    since: '1.6.40',
    what: 'a `shutdown` that is not allowed is a SERVER_ERROR',
    alike: (said) => said.replaceAll('SERVER_ERROR: shutdown', 'ERROR: shutdown'),
  },
  'dump-opens': {
    since: '1.6.43',
    what: 'a dump opens with OK',
    alike: (said) => said.replace(/^OK\r\n(?=key=|END)/, ''),
  },
  'short-get-error': {
    since: null,
    what: 'a `get` with a key that is too long gets one line, and those before it all of theirs',
    shows: /^ *(get|gets|gat|gats) [^\n]*\S{251}/m,
  },
  'grown-number': {
    since: null,
    what: '`T` and `E` of an `ma` hold when the number grows by a digit',
    shows: /^ *ma [^\n]* [TE]/m,
  },
  'binary-key-kept': {
    since: null,
    what: 'a key that would break a line is shown as base64 however its item came to be',
    shows: /^ *m[gsd] +AAEgDQr\/(?=[^\n]* (N|x|M[AP]))|^ *ma +AAEgDQr\//m,
  },
  'refused-cas': {
    since: null,
    what: 'the `E` of an `ms` that is refused is not the cas of what the connection stores next',
    shows: (request) => /^ *ms [^\n]* E/m.test(request) && !isWellFormed(request),
  },
  'opaque-checked-first': {
    since: null,
    what: 'an opaque that is too long is refused before the command has had its effect',
    shows: /^ *m[ga] [^\n]* O\S{32}/m,
  },
};

/** The rows by which the embedded server and this version of memcached differ. */
export function changesFrom(version: string): readonly Change[] {
  return Object.values(changes).filter(({ since, ahead }) => {
    if (since === null) return true;
    return isSince(version, since) !== (ahead === true || isSince(SERVER_VERSION, since));
  });
}

/** Whether the embedded server behaves like memcached since a version: `since` of its context. */
export function isEmbeddedSince(version: string, row: string): boolean {
  return changes[row]?.ahead === true || isSince(SERVER_VERSION, version);
}

/** Whether two servers that differ by these rows answer a request the same way. */
export function isComparable(request: string, differing: readonly Change[]): boolean {
  return differing.every(({ shows }) => {
    if (shows === undefined) return true;
    return !(typeof shows === 'function' ? shows(request) : shows.test(request));
  });
}

/**
 * Whether a version equals another or is newer: `isSince('1.6.18', '1.6.9')`. A text that is not a
 * version counts as the newest.
 */
export function isSince(version: string, since: string): boolean {
  const [left, right] = [version, since].map((one) => /^(\d+)\.(\d+)\.(\d+)/.exec(one));
  for (let i = 1; left && right && i <= 3; i++) {
    const difference = Number(left[i]) - Number(right[i]);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

// Whether one of these lines is refused although it states the length of its value. All versions
// skip the value of a refused `ms`, unless the key or the line is too long.
function refusesValue(request: string): boolean {
  return refusals(request).some((line) =>
    !/^ *ms +\S{1,250}(?= )/.test(line) || line.trim().split(/ +/).length > 19
  );
}

function isKnown(line: string): boolean {
  return Object.hasOwn(verbs, line.trim().split(' ', 1)[0] ?? '');
}

function isSilentlyRefused(requests: string): boolean {
  return requests.split('\n').some((line) => {
    const decoder = new CommandDecoder();
    decoder.push(bytes(`${line}\n`));
    const one = decoder.next();
    return one instanceof BadRequest && one.reply === null;
  });
}

function isWellFormed(requests: string): boolean {
  const decoder = new CommandDecoder();
  decoder.push(bytes(requests));
  let one = decoder.next();
  while (one !== null && !(one instanceof BadRequest)) one = decoder.next();
  return one === null;
}

// The storage lines that are refused although they state the length of their value.
function refusals(request: string): string[] {
  return request.split('\n').filter((line) => {
    const decoder = new CommandDecoder();
    decoder.push(bytes(`${line}\nmn\r\n`));
    if (!(decoder.next() instanceof BadRequest)) return false;
    const next = decoder.next();
    return next === null || next instanceof BadRequest;
  });
}
