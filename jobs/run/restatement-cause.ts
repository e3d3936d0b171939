/** Sales documents that a published day did not have when it was published, by how they came and what they are. */
export interface Arrivals {
  /** Live events, which came after the day's figures were out. */
  late: number
  /** From files and journals. */
  bulk: number
  orders: number
  voids: number
  returns: number
}

/**
 * Why a published figure changed, as a sentence: '2 late, 1 bulk (2 orders, 1 return)'.
 * @param codeVersions of the report before and now; rules versions likewise
 */
export function describeCause(change: {
  arrivals: Arrivals | undefined
  codeVersions: readonly [before: string, now: string]
  rulesVersions: readonly [before: number, now: number]
}): string {
  const { arrivals, codeVersions, rulesVersions } = change
  const causes: string[] = []
  if (arrivals) {
    const ways = [count(arrivals.late, 'late'), count(arrivals.bulk, 'bulk')].filter(text => text !== '')
    const kinds = [
      count(arrivals.orders, plural(arrivals.orders, 'order')),
      count(arrivals.voids, plural(arrivals.voids, 'void')),
      count(arrivals.returns, plural(arrivals.returns, 'return')),
    ].filter(text => text !== '')
    if (ways.length > 0) causes.push(`${ways.join(', ')} (${kinds.join(', ')})`)
  }
  if (codeVersions[0] !== codeVersions[1]) causes.push(`code version ${codeVersions[0]} → ${codeVersions[1]}`)
  if (rulesVersions[0] !== rulesVersions[1])
    causes.push(`rules version ${rulesVersions[0]} → ${rulesVersions[1]}`)
  return causes.length > 0 ? causes.join('; ') : 'the stored rows did not match the log'
}

function count(number: number, name: string): string {
  return number > 0 ? `${number} ${name}` : ''
}

function plural(number: number, name: string): string {
  return number === 1 ? name : `${name}s`
}
