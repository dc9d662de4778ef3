// Shows the steps on the page.
import { element } from './element.ts';
import { type Step, steps } from './steps.ts';

/** The steps on the page: a list while the log is empty, then a button for the next one. */
export class StepList {
  readonly #next: HTMLElement;
  readonly #run: (step: Step) => Promise<boolean>;
  readonly #items: readonly HTMLElement[];
  readonly #done: Set<Step> = new Set();

  /**
   * @param list The element of the list.
   * @param next The button for the next step.
   * @param run Runs a step; false if another line is running.
   */
  constructor(list: HTMLElement, next: HTMLElement, run: (step: Step) => Promise<boolean>) {
    this.#next = next;
    this.#run = run;
    this.#items = steps.map((step) => {
      const button = element('button', '', element('b', '', step.title), codeOf(step));
      button.setAttribute('type', 'button');
      button.addEventListener('click', () => void this.#do(step));
      return element('li', '', button);
    });
    list.replaceChildren(...this.#items);
    next.addEventListener('click', () => {
      const step = this.#following();
      if (step !== undefined) void this.#do(step);
    });
    this.#show();
  }

  async #do(step: Step): Promise<void> {
    if (!await this.#run(step)) return;
    this.#done.add(step);
    this.#show();
  }

  #following(): Step | undefined {
    return steps.find((step) => !this.#done.has(step));
  }

  #show(): void {
    for (const [index, step] of steps.entries()) {
      this.#items[index]?.classList.toggle('done', this.#done.has(step));
    }
    const step = this.#following();
    this.#next.hidden = step === undefined;
    if (step === undefined) return;
    this.#next.textContent = `Step ${steps.indexOf(step) + 1} of ${steps.length}: ${step.title}`;
  }
}

function codeOf({ code }: Step): HTMLElement {
  return element('code', '', code);
}
