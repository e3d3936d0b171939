/** The digit at a place of a text, or -1 when there is none, beyond its end too. */
export function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 48
  return digit >= 0 && digit <= 9 ? digit : -1
}
