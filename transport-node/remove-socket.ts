import { lstatSync, unlinkSync } from 'node:fs';

/** Removes a socket file that was left behind, and nothing else. */
export function removeSocket(path: string): void {
  try {
    if (lstatSync(path).isSocket()) unlinkSync(path);
  } catch {
    // Nothing is there, or it may not be looked at: listening will say what is wrong.
  }
}
