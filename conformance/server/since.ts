/**
 * Whether a version is another one or newer: `isSince('1.6.18', '1.6.9')`. What is no version counts
 * as the newest.
 */
export function isSince(version: string, since: string): boolean {
  const [left, right] = [version, since].map((one) => /^(\d+)\.(\d+)\.(\d+)/.exec(one));
  for (let i = 1; left && right && i <= 3; i++) {
    const difference = Number(left[i]) - Number(right[i]);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
