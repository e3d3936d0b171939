/** A heap of items by a number each, least on top: one in, one out or one changed costs the logarithm of its size. */
export class MinHeap<Item> {
  readonly #items: { item: Item; key: number }[] = []

  get size(): number {
    return this.#items.length
  }

  /** The least, with the key it was given. */
  get top(): { readonly item: Item; readonly key: number } | undefined {
    return this.#items[0]
  }

  push(item: Item, key: number): void {
    const items = this.#items
    let place = items.length
    items.push({ item, key })
    while (place > 0) {
      const parent = (place - 1) >> 1
      if (!this.#isBefore(place, parent)) break
      this.#swap(place, parent)
      place = parent
    }
  }

  /** Takes the top away. */
  pop(): void {
    const last = this.#items.pop()
    if (!last || this.#items.length === 0) return
    this.#items[0] = last
    this.#sink()
  }

  /** Gives the top another key. */
  rekeyTop(key: number): void {
    const top = this.#items[0]
    if (!top) return
    top.key = key
    this.#sink()
  }

  /** Leaves out what is not to be kept: costs its size. */
  retain(isKept: (item: Item) => boolean): Item[] {
    const all = this.#items.splice(0)
    const dropped: Item[] = []
    for (const { item, key } of all) {
      if (isKept(item)) this.push(item, key)
      else dropped.push(item)
    }
    return dropped
  }

  #sink(): void {
    for (let place = 0; ; ) {
      const [left, right] = [2 * place + 1, 2 * place + 2]
      let least = place
      if (left < this.#items.length && this.#isBefore(left, least)) least = left
      if (right < this.#items.length && this.#isBefore(right, least)) least = right
      if (least === place) return
      this.#swap(place, least)
      place = least
    }
  }

  #isBefore(place: number, other: number): boolean {
    return (this.#items[place]?.key ?? 0) < (this.#items[other]?.key ?? 0)
  }

  #swap(place: number, other: number): void {
    const [one, two] = [this.#items[place], this.#items[other]]
    if (!one || !two) return
    this.#items[place] = two
    this.#items[other] = one
  }
}
