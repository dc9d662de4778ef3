// Elements of drawings.

/** A new element of a drawing. */
export function svg(
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  ...content: (Node | string)[]
): SVGElement {
  const made = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [key, value] of Object.entries(attributes)) {
    made.setAttribute(key, typeof value === 'number' ? String(Math.round(value * 10) / 10) : value);
  }
  made.append(...content);
  return made;
}

/** About how wide a letter is at 11 pixels. */
const LETTER = 6.4;

/** About how wide a text is, with some space on both sides. */
export function widthOf(text: string): number {
  return text.length * LETTER + 8;
}

/** As much of a text as a width has room for, at 11 pixels; nothing if that is too little. */
export function fitted(text: string, width: number): string {
  const letters = Math.floor((width - 8) / LETTER);
  if (letters < 3) return '';
  return text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
}
