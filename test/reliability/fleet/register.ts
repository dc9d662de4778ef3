// The names of items: each server has one of a key.

/** The name of what holds an item: a key, and a server that has it. */
export function registerOf(key: string, server: number): string {
  return `${key}@${server}`;
}

/** Whether an item is a cache's: the others are in histories. */
export function isCached(key: string): boolean {
  return key.startsWith('c');
}

/** Whether a history is kept of an item: not of those that the older of two caches has. */
export function isItem(key: string): boolean {
  return key.startsWith('k') || key.startsWith('n');
}

/** The value that the older of two caches has for every key. */
export const OLD_VALUE = 'old';
