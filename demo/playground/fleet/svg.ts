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

/** As much of a text as a width has room for, at 11 pixels; nothing if that is too little. */
export function fitted(text: string, width: number): string {
  const letters = Math.floor((width - 8) / 6.4);
  if (letters < 3) return '';
  return text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;
}
