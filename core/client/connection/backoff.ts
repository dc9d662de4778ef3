/**
 * Milliseconds to wait after so many failures in a row: the first wait, doubled with each more, up
 * to the longest. Half of it is random, so that many clients of a server that was restarted do not
 * all come back at the same moment.
 *
 * @param random A number from 0 to 1.
 */
export function backoff(
  failures: number,
  first: number,
  longest: number,
  random: () => number,
): number {
  // Nothing times Infinity would be no number, and neither end a wait nor begin one.
  const doublings = Math.min(failures - 1, MAX_DOUBLINGS);
  return Math.min(first * 2 ** doublings, longest) * (0.5 + random() / 2);
}

/** So many double any wait past the longest, and 2 to their power is finite. */
const MAX_DOUBLINGS = 1000;
