// The log of the page.
import { element } from './element.ts';

/** How many commands are shown; the oldest are removed first. */
const MAX_ENTRIES = 200;

/** How many lines of bytes, and of replies, are shown for one command. */
const MAX_LINES = 200;

/** The length of a value that may not fit in its lines, in a narrow page. */
const LONG = 120;

/** The log of the page: typed commands and their results. */
export class Entries {
  readonly #log: HTMLElement;

  constructor(log: HTMLElement) {
    this.#log = log;
  }

  /** Adds a command that starts. */
  begin(line: string): Entry {
    const entry = new Entry(line, () => this.#follow());
    this.#append(entry.element);
    return entry;
  }

  /** Adds a note on a change for the following commands. */
  note(text: string): void {
    // The steps are shown while there is nothing else.
    if (this.#log.childElementCount > 0) this.#append(element('p', 'note', text));
  }

  clear(): void {
    this.#log.replaceChildren();
  }

  #append(what: HTMLElement): void {
    this.#log.append(what);
    while (this.#log.children.length > MAX_ENTRIES) this.#log.firstElementChild?.remove();
    this.#log.scrollTop = this.#log.scrollHeight;
  }

  // Keeps the end in sight, unless the user has scrolled up.
  #follow(): void {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    if (scrollHeight - scrollTop - clientHeight < 200) this.#log.scrollTop = scrollHeight;
  }
}

/** One command of the log. */
export class Entry {
  readonly element: HTMLElement;
  readonly #facts: HTMLElement = element('span', 'facts');
  readonly #wire: HTMLElement = element('div', 'wire');
  readonly #replies: HTMLElement = element('div', 'replies');
  readonly #onGrown: () => void;

  constructor(line: string, onGrown: () => void) {
    const typed = element('div', 'typed-line', element('code', '', line), this.#facts);
    this.element = element('article', 'entry', typed, this.#wire, this.#replies);
    this.#onGrown = onGrown;
  }

  /** A line of bytes, as `tapped` reports it: `> get a\r\n`. */
  bytes(line: string): void {
    const sent = line.startsWith('>');
    const arrow = element('b', sent ? 'sent' : 'received', line.slice(0, 1));
    this.#add(this.#wire, element('div', '', arrow, element('code', '', line.slice(2))));
  }

  /** The result of the command, for people and as a value. */
  reply(shown: string, typed: string, ok: boolean): void {
    const text = element('div', ok ? 'reply' : 'reply miss', shown);
    const value = element('div', 'typed', typed);
    // It scrolls if it is long, which the keyboard can do too.
    if (typed.length > LONG) value.tabIndex = 0;
    this.#add(this.#replies, element('div', '', text, ...(typed === '' ? [] : [value])));
  }

  /** Its error. */
  error(name: string | null, message: string): void {
    const named = name === null ? [] : [element('b', '', name), ' '];
    this.#add(this.#replies, element('div', 'reply error', ...named, message));
  }

  /** Why the bridge refused it, and a button that does it elsewhere. */
  explanation(why: string, elsewhere: (() => void) | null): void {
    const note = element('p', 'why', why);
    if (elsewhere !== null) {
      const button = element('button', '', 'Run it on the server in this page');
      button.setAttribute('type', 'button');
      button.addEventListener('click', elsewhere);
      note.append(' ', button);
    }
    this.#add(this.#replies, note);
  }

  /** How long it took, and whether it hit. */
  facts(text: string): void {
    this.#facts.textContent = text;
  }

  #add(to: HTMLElement, what: HTMLElement): void {
    to.append(what);
    while (to.children.length > MAX_LINES) to.firstElementChild?.remove();
    this.#onGrown();
  }
}
