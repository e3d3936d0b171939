'use client'

import { TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { describeFailure } from '#app/ui/describe-failure.ts'
import { ErrorState } from '#app/ui/error-state.tsx'

/** The part of a TanStack query a card looks at. */
export interface CardQuery<Data> {
  data: Data | undefined
  error: unknown
  isFetching: boolean
  refetch: () => unknown
}

/**
 * What a card shows, by the state of its data: the skeleton (as large as the content), the content, an
 * empty state, or the failure with a way to try again. Data once shown stays when a refresh fails, with a
 * line that says so: an old figure with its basis is worth more than none.
 */
export function CardContent<Data>({
  query,
  skeleton,
  empty,
  isEmpty = () => false,
  staleNote = true,
  children,
}: {
  query: CardQuery<Data>
  skeleton: ReactNode
  empty?: ReactNode
  isEmpty?: (data: Data) => boolean
  /** Says so when a refresh failed; off where a card beside it already does. */
  staleNote?: boolean
  children: (data: Data) => ReactNode
}) {
  if (query.data === undefined) {
    if (query.error) {
      return (
        <ErrorState
          failure={describeFailure(query.error)}
          retrying={query.isFetching}
          retry={query.refetch}
        />
      )
    }
    return (
      <div aria-busy="true">
        <span className="sr-only">Loading</span>
        {skeleton}
      </div>
    )
  }
  return (
    <>
      {isEmpty(query.data) ? empty : children(query.data)}
      {query.error && staleNote ? (
        <p role="status" className="mt-2 flex items-center gap-1.5 text-2xs text-bad">
          <TriangleAlert aria-hidden="true" className="size-3.5 shrink-0" />
          Not refreshed: {describeFailure(query.error).what}
        </p>
      ) : null}
    </>
  )
}
