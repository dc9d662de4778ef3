/**
 * Whether one of these users has this name and this password. It looks at every byte of every pair,
 * so that the time it takes tells nothing.
 */
export function isGranted(
  credentials: ReadonlyMap<string, string>,
  username: string,
  password: string,
): boolean {
  let granted = false;
  for (const [user, pass] of credentials) {
    const right = sameText(user, username);
    granted = (sameText(pass, password) && right) || granted;
  }
  return granted;
}

/** Whether two texts are the same, in a time that tells nothing but the length of the first. */
export function sameText(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let i = 0; i < left.length; i++) difference |= left.charCodeAt(i) ^ right.charCodeAt(i);
  return difference === 0;
}
