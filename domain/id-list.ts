/** Ids as one text of an address: with commas between them, and a comma in an id written as it is in addresses. */
export function writeIds(ids: readonly string[]): string {
  return ids.map(id => id.replace(/[%,]/g, encodeURIComponent)).join(',')
}

/** The ids that `writeIds` wrote. What an outsider wrote otherwise is taken as it stands. */
export function parseIds(text: string): string[] {
  return text
    .split(',')
    .filter(id => id !== '')
    .map(id => id.replace(/%25|%2C/gi, found => (found === '%25' ? '%' : ',')))
}
