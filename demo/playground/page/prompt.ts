// The input line of the page.
import { commands, findCommand } from '../../../cli/console/commands.ts';
import { complete } from '../../../cli/console/completion.ts';
import { usage } from '../../../cli/console/usage.ts';

/** How many lines are remembered. */
const MAX_HISTORY = 100;

const ADVICE = `${commands.length} commands; help lists them. Tab completes, ↑ recalls.`;

/** The input line, with history, completion, and a hint. */
export class Prompt {
  readonly #input: HTMLInputElement;
  readonly #hint: HTMLElement;
  readonly #keys: Iterable<string>;
  readonly #history: string[] = [];
  // The index of the shown line in the history; its length for a new line.
  #at = 0;

  /** @param keys The keys that can be completed. */
  constructor(input: HTMLInputElement, hint: HTMLElement, keys: Iterable<string>) {
    this.#input = input;
    this.#hint = hint;
    this.#keys = keys;
    input.addEventListener('input', () => this.#showHint());
    input.addEventListener('keydown', (event) => {
      if (this.#obey(event)) event.preventDefault();
    });
    this.#showHint();
  }

  /** Returns the line, and starts a new one; null if it is blank. */
  take(): string | null {
    const line = this.#input.value.trim();
    this.#set('');
    if (line === '') return null;
    this.remember(line);
    return line;
  }

  /** Adds a line to the history. */
  remember(line: string): void {
    if (this.#history.at(-1) !== line) this.#history.push(line);
    if (this.#history.length > MAX_HISTORY) this.#history.shift();
    this.#at = this.#history.length;
  }

  #obey({ key, shiftKey, altKey, ctrlKey, metaKey }: KeyboardEvent): boolean {
    if (shiftKey || altKey || ctrlKey || metaKey) return false;
    if (key === 'ArrowUp') return this.#recall(this.#at - 1);
    if (key === 'ArrowDown') return this.#recall(this.#at + 1);
    return key === 'Tab' && this.#complete();
  }

  #recall(at: number): boolean {
    if (at < 0 || at > this.#history.length) return true;
    this.#at = at;
    this.#set(this.#history[at] ?? '');
    return true;
  }

  // Without a completion, Tab moves to the next element, as usual.
  #complete(): boolean {
    const { value, selectionStart } = this.#input;
    if (value === '' || selectionStart !== value.length) return false;
    const [words, begun] = this.#candidates();
    const [first = ''] = words;
    const only = words.length === 1;
    const word = only ? `${first} ` : words.reduce(commonStart, first);
    if (word.length <= begun.length) return false;
    this.#set(value.slice(0, value.length - begun.length) + word);
    return true;
  }

  #candidates(): [words: string[], begun: string] {
    const [words, begun] = complete(this.#input.value, this.#keys);
    // Some commands of the console are of no use in a page.
    const known = /^\s*\S*$/.test(this.#input.value)
      ? words.filter((word) => findCommand(word) !== undefined || word === 'help')
      : words.filter((word) => word !== '--json');
    return [known, begun];
  }

  #set(value: string): void {
    this.#input.value = value;
    this.#input.setSelectionRange(value.length, value.length);
    this.#showHint();
  }

  #showHint(): void {
    const line = this.#input.value.trimStart();
    const [name = ''] = line.split(/\s/);
    const row = findCommand(name);
    const [words] = line === '' ? [[]] : this.#candidates();
    if (row !== undefined) this.#hint.textContent = `${usage(row)}: ${row.summary}`;
    else if (words.length > 0) this.#hint.textContent = words.join('  ');
    else this.#hint.textContent = ADVICE;
  }
}

function commonStart(a: string, b: string): string {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}
