// Random requests of a page that tries to get past a bridge.
import type { Random } from '../../conformance/random.ts';
import type { RandomRequests } from '../../conformance/random-requests.ts';
import { requestLines } from './soup.ts';

// Texts that would get a command past a parser with a gap.
const smuggled = [
  'mg a v f O\x01\r\n',
  `mg ${'k'.repeat(246)} v f O1\r\n`,
  '\r\nflush_all\r\n',
  'set a 0 0 13\r\ndelete secret\r\n\r\n',
  `set ${'k'.repeat(251)} 0 0 13\r\ndelete secret\r\n`,
  `mg ${btoa('a\r\nflush_all\r\n')} b v\r\n`,
  `mg ${btoa('x')} b b v\r\n`,
  'mg a v P/other/pool Lother\r\n',
  'set a 0 0 -1\r\n',
  'noreply',
  'app1:a',
  '\0',
  ' ',
];

/** Requests, some of them malformed, with such texts between and within them. */
export function hostileStream(random: Random, requests: RandomRequests): string {
  let all = '';
  for (let parts = 1 + random.below(6); parts > 0; parts--) {
    const kind = random.below(10);
    if (kind < 5) all += requests.sequence(1);
    else if (kind < 8) all += random.pick(requestLines);
    else all += random.pick(smuggled);
  }
  if (random.chance(0.5)) return all;
  const at = random.below(all.length);
  return all.slice(0, at) + random.pick(smuggled) + all.slice(at + random.below(4));
}
