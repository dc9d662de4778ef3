// The moments around the one that is shown, in words.
import { byId, element } from '../page/element.ts';
import type { Moment, Recording } from './recording.ts';
import { showTime } from './results.ts';
import { tell } from './words.ts';

/** How many moments are shown before the one, and after it. */
const BEFORE = 7;
const AFTER = 4;

/** The list. Its lines stay, and their texts change, so that the focus stays too. */
export class MomentList {
  readonly #lines: readonly (readonly [line: HTMLElement, time: Text, text: Text])[];
  #recording: Recording | null = null;
  #index = 0;

  /** @param onSeek Called with the index of a moment that was clicked. */
  constructor(onSeek: (index: number) => void) {
    this.#lines = Array.from({ length: BEFORE + 1 + AFTER }, (_, row) => {
      const time = document.createTextNode('');
      const text = document.createTextNode('');
      const button = element(
        'button',
        '',
        element('span', 'time', time),
        element('span', '', text),
      );
      button.setAttribute('type', 'button');
      button.addEventListener('click', () => onSeek(this.#index + row - BEFORE));
      return [element('li', '', button), time, text] as const;
    });
    this.#lines[BEFORE]?.[0].setAttribute('aria-current', 'step');
    byId('moments', HTMLElement).replaceChildren(...this.#lines.map(([line]) => line));
  }

  open(recording: Recording): void {
    this.#recording = recording;
  }

  /** Shows the moments around one. */
  show(index: number): void {
    this.#index = index;
    for (const [row, [line, time, text]] of this.#lines.entries()) {
      const moment = this.#recording?.moments[index + row - BEFORE];
      line.className = moment === undefined ? 'none' : toneOf(moment);
      time.data = moment === undefined ? '' : showTime(moment.at);
      text.data = moment === undefined ? '' : tell(moment);
    }
  }
}

/** How a moment is coloured. */
export function toneOf(moment: Moment): string {
  switch (moment.type) {
    case 'ended':
      return moment.call.outcome === 'ok' ? 'fine' : 'failed';
    case 'closed':
      return moment.cause === null ? 'plain' : 'failed';
    case 'arrived':
      return moment.fate === 'read' ? 'plain' : 'failed';
    case 'fault':
    case 'down':
    case 'stopped':
    case 'violation':
      return 'wrong';
    default:
      return 'plain';
  }
}
