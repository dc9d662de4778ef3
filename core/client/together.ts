/**
 * The indexes of what is in one place, for each place there is, in their order.
 *
 * @param placeOf Where one is; all are in one place when it is left out.
 */
export function groupByServer<Item>(
  items: readonly Item[],
  placeOf: ((item: Item) => unknown) | undefined,
): Iterable<readonly number[]> {
  if (placeOf === undefined) return [[...items.keys()]];
  const places = new Map<unknown, number[]>();
  items.forEach((item, index) => {
    const place = placeOf(item);
    const indexes = places.get(place);
    if (indexes === undefined) places.set(place, [index]);
    else indexes.push(index);
  });
  return places.values();
}
