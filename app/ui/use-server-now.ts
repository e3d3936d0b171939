'use client'

import { useNow } from '#app/ui/use-now.ts'
import type { Instant } from '#domain/instant.ts'

/** The database's clock: what it said, plus the time since. Immune to a browser whose clock is wrong. */
export function useServerNow({
  data,
  dataUpdatedAt,
}: {
  data: { now: Instant } | undefined
  dataUpdatedAt: number
}): Instant | null {
  const now = useNow()
  if (!data) return null
  return now === null ? data.now : data.now + Math.max(0, now - dataUpdatedAt)
}
