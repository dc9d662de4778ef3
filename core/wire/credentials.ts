// Comparison of user names and passwords in a time that reveals nothing.

/**
 * Whether one of these users has this name and this password. It compares every byte of every pair,
 * so that its duration reveals nothing.
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

/** Whether two texts are equal, in a time that reveals only the length of the first. */
export function sameText(left: string, right: string): boolean {
  let difference = left.length ^ right.length;
  for (let i = 0; i < left.length; i++) difference |= left.charCodeAt(i) ^ right.charCodeAt(i);
  return difference === 0;
}
