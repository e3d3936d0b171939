/**
 * A copy of a text that holds nothing but itself. What `split` gives is a view that keeps the whole text it
 * came from in memory: of what is kept longer than the batch it was read with, keep a copy.
 */
export function ownText(view: string): string {
  return Buffer.from(view).toString()
}
