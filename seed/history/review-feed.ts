import { type Instant, MINUTE_MS, SECOND_MS } from '#domain/instant.ts'

const EVERY_MS = 30 * MINUTE_MS
/** Between the half hour and the commit. */
const IMPORT_MS = 8 * SECOND_MS

/** When the log gets a review: with all others of its half hour, just after it. */
export function reviewsImportedAt(postedAt: Instant): Instant {
  return Math.ceil(postedAt / EVERY_MS) * EVERY_MS + IMPORT_MS
}
