import type { Sql } from '#db/client.ts'
import type { Instant } from '#domain/instant.ts'
import { crossedWindowStarts, MOST_CHANGES, type WindowRow } from './change-row.ts'
import { SALES_BY_MINUTE } from './operators.ts'
import { generationTable } from './sink.ts'

/** A `WindowRow` as SQL answers it. Amounts as text: a sum of many documents may leave the safe integers. */
export const WINDOW_ROW_COLUMNS = `store, channel, currency, window_start as "windowStart", orders, units,
  gross::text, discounts::text, returns::text, return_documents as "returnDocuments",
  units_returned as "unitsReturned", late_net::text as "lateNet", revision`

/**
 * The windows of a partition that closed or became final as the watermark moved; at most one more than a
 * change row lists. Answers nothing, and asks nothing, while the watermark stays within a minute.
 */
export async function loadCrossedWindows(
  transaction: Pick<Sql, 'unsafe'>,
  request: { generation: number; partition: number; from: Instant | null; to: Instant | null },
): Promise<WindowRow[]> {
  const { sizeMs, allowedLatenessMs } = SALES_BY_MINUTE.window
  const ranges = crossedWindowStarts(request.from, request.to, { windowMs: sizeMs, allowedLatenessMs })
  const answers = await Promise.all(
    ranges.map(({ after, through }) =>
      transaction.unsafe<WindowRow[]>(
        `select ${WINDOW_ROW_COLUMNS} from ${generationTable('windows', request.generation)}
         where partition = $1 and window_start > $2::timestamptz and window_start <= $3::timestamptz
         limit ${MOST_CHANGES + 1}`,
        [request.partition, new Date(after).toISOString(), new Date(through).toISOString()],
        { prepare: true },
      ),
    ),
  )
  return answers.flat()
}

/** Each window once; the first given stands. */
export function distinctWindows(windows: readonly WindowRow[]): WindowRow[] {
  const distinct = new Map<string, WindowRow>()
  for (const window of windows) {
    const key = `${window.store}\u001f${window.windowStart}\u001f${window.channel}\u001f${window.currency}`
    if (!distinct.has(key)) distinct.set(key, window)
  }
  return [...distinct.values()]
}
