/** A store that wants some of what there is not enough of. */
export interface Claim {
  store: string
  /** Units it would get if there were enough; whole packs. */
  wanted: number
  /** Units it has and is sure to get: on hand and on order. May be below zero. */
  position: number
  /** Units a day; 0: nothing is known to be sold. */
  demandPerDay: number
}

/**
 * Shares out what is not enough for all, by need: pack by pack to the store that would run out first (fewest days of
 * cover by what it has and was given so far), and to none more than it wants. So no store is filled up while another is
 * sooner empty: the least cover of all is as long as it can be (max-min fairness; Bertsekas and Gallager, Data Networks,
 * 6.5.2). Where two would run out at once, the one that sells more goes first, then the order of their names.
 * @param available units of the product; a rest that makes no pack stays
 * @returns units by store, 0 for one that gets none
 */
export function allocate(
  claims: readonly Claim[],
  { available, packSize }: { available: number; packSize: number },
): Map<string, number> {
  const given = new Map(claims.map(({ store }) => [store, 0]))
  for (let left = available; left >= packSize; left -= packSize) {
    const next = claims
      .filter(({ store, wanted }) => (given.get(store) ?? 0) + packSize <= wanted)
      .reduce<Claim | null>(
        (first, claim) => (first && goesBefore(first, claim, given) ? first : claim),
        null,
      )
    if (!next) break
    given.set(next.store, (given.get(next.store) ?? 0) + packSize)
  }
  return given
}

function goesBefore(one: Claim, other: Claim, given: ReadonlyMap<string, number>): boolean {
  const [first, second] = [one, other].map(claim => daysOfCover(claim, given.get(claim.store) ?? 0))
  if (first !== second) return (first ?? 0) < (second ?? 0)
  if (one.demandPerDay !== other.demandPerDay) return one.demandPerDay > other.demandPerDay
  return one.store < other.store
}

/** Days that position and gift last. What sells nothing lasts for ever, unless it is owed already. */
function daysOfCover({ position, demandPerDay }: Claim, given: number): number {
  const units = position + given
  if (demandPerDay > 0) return units / demandPerDay
  return units < 0 ? units : Number.POSITIVE_INFINITY
}
