import { desc, drizzle, lt } from '#db/drizzle.ts'
import { findings } from '#db/schema.ts'
import type { Instant } from '#domain/instant.ts'
import type { Serving } from '#server/serving/serving.ts'

/** A row of a live or report table that says something else than the log. */
export interface Finding {
  finding: number
  runId: number
  path: 'batch' | 'stream'
  /** Table, e.g. 'stream.windows'. */
  relation: string
  /** Key columns of the row. */
  rowKey: Record<string, string | number>
  metric: string
  /** Null: the row is not there. */
  stored: string | null
  /** Null: the log knows nothing of such a row. */
  expected: string | null
  foundAt: Instant
}

export interface FindingPage {
  findings: Finding[]
  nextCursor: number | null
}

/** Rows found to differ from the log, newest first. */
export async function listFindings(
  { sql }: Pick<Serving, 'sql'>,
  page: { cursor?: number | null | undefined; limit: number },
): Promise<FindingPage> {
  const rows = await drizzle(sql)
    .select()
    .from(findings)
    .where(page.cursor ? lt(findings.finding, page.cursor) : undefined)
    .orderBy(desc(findings.finding))
    .limit(page.limit + 1)
  const shown = rows.slice(0, page.limit)
  return {
    findings: shown,
    nextCursor: rows.length > page.limit ? (shown.at(-1)?.finding ?? null) : null,
  }
}
