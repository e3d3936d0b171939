import { Download } from 'lucide-react'
import type { requestOf } from '#app/reports/report-requests.ts'
import { buttonLook } from '#app/ui/button.tsx'

type FileRequest = ReturnType<typeof requestOf> & {
  sort?: { by: string; descending: boolean } | null
  search?: string
  stockoutOnly?: boolean
}

/** Downloads all rows of a table, in its order, as CSV. */
export function FileLink({ title, request }: { title: string; request: FileRequest }) {
  return (
    <a
      href={fileAddress(request)}
      download
      aria-label={`${title}: all rows as CSV`}
      className={buttonLook({ kind: 'quiet' })}
    >
      <Download aria-hidden="true" className="size-4" />
      CSV
    </a>
  )
}

export function fileAddress({ stores, sort, search, stockoutOnly, metric, ...request }: FileRequest): string {
  const asked = new URLSearchParams(request)
  if (stores.length > 0) asked.set('stores', stores.join(','))
  if (metric !== null) asked.set('metric', metric)
  if (sort) asked.set('sort', `${sort.descending ? '-' : ''}${sort.by}`)
  if (search) asked.set('search', search)
  if (stockoutOnly) asked.set('stockout', 'only')
  return `/api/reports/csv?${asked}`
}
