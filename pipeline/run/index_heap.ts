/** A queue that gives back the smallest number first. */

/** A binary heap of numbers; the same number may be in it more than once. */
export class IndexHeap {
  readonly #items: number[] = [];

  /** The smallest number; `Infinity` when there is none. */
  get first(): number {
    return this.#items.length === 0 ? Infinity : this.#items[0];
  }

  push(value: number): void {
    const items = this.#items;
    let at = items.length;
    items.push(value);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (items[parent] <= value) break;
      items[at] = items[parent];
      at = parent;
    }
    items[at] = value;
  }

  /** Takes the smallest number out; `Infinity` when there is none. */
  pop(): number {
    const items = this.#items;
    const first = this.first;
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1] < items[child]) child++;
      if (items[child] >= last) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return first;
  }
}
