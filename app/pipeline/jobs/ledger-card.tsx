'use client'

import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useQueryStates } from 'nuqs'
import { Field, SelectField } from '#app/pipeline/form-fields.tsx'
import { urlState } from '#app/pipeline/url-state.ts'
import { useTRPC, useTRPCClient } from '#app/trpc/client.tsx'
import { Button } from '#app/ui/button.tsx'
import { Card } from '#app/ui/card.tsx'
import { CardContent } from '#app/ui/card-content.tsx'
import { EmptyState } from '#app/ui/empty-state.tsx'
import { Skeleton } from '#app/ui/skeleton.tsx'
import { useNow } from '#app/ui/use-now.ts'
import { RunTable } from './run-table.tsx'

const STATES = ['running', 'succeeded', 'failed', 'abandoned'] as const
type State = (typeof STATES)[number]

/** Every attempt, newest first. The filter is in the address: a link shows what its sender saw. */
export function LedgerCard() {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const list = useQuery({ ...trpc.pipeline.jobs.list.queryOptions(), staleTime: Number.POSITIVE_INFINITY })
  const [filter, setFilter] = useQueryStates(
    { job: urlState.job, state: urlState.state },
    { history: 'replace', scroll: false },
  )
  const job = filter.job ?? undefined
  const state = STATES.find(known => known === filter.state)
  const now = useNow()
  const query = useInfiniteQuery({
    queryKey: [...trpc.pipeline.jobs.runs.pathKey(), { job, state }],
    queryFn: ({ pageParam, signal }) =>
      client.pipeline.jobs.runs.query({ job, state, cursor: pageParam }, { signal }),
    initialPageParam: null as number | null,
    getNextPageParam: page => page.nextCursor,
    // Pages of a ledger that grows would shift while one reads.
    meta: { holdsStill: true },
  })
  return (
    <Card
      title="Ledger"
      note="every attempt, newest first"
      actions={<Button onClick={() => void query.refetch()}>Read anew</Button>}
    >
      <div className="mb-3 grid gap-2 sm:grid-cols-[minmax(0,16rem)_minmax(0,12rem)]">
        <Field label="Job">
          <SelectField
            value={job ?? ''}
            onChange={event => void setFilter({ job: event.target.value || null })}
          >
            <option value="">every job</option>
            {list.data?.jobs.map(entry => (
              <option key={entry.job} value={entry.job}>
                {entry.job}
              </option>
            ))}
          </SelectField>
        </Field>
        <Field label="State">
          <SelectField
            value={state ?? ''}
            onChange={event => void setFilter({ state: (event.target.value as State) || null })}
          >
            <option value="">every state</option>
            {STATES.map(name => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </SelectField>
        </Field>
      </div>
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-96" />}
        isEmpty={({ pages }) => pages.every(page => page.runs.length === 0)}
        empty={
          <EmptyState
            what="No run in the ledger."
            advice="None at all yet, or none that the filter lets through."
          />
        }
      >
        {({ pages }) => (
          <>
            <div className="flex max-h-[28rem] flex-col">
              <RunTable caption="Ledger" runs={pages.flatMap(page => page.runs)} now={now} />
            </div>
            {query.hasNextPage ? (
              <Button
                className="mt-3 self-start"
                disabled={query.isFetchingNextPage}
                onClick={() => void query.fetchNextPage()}
              >
                {query.isFetchingNextPage ? 'Loading' : 'Show more'}
              </Button>
            ) : null}
          </>
        )}
      </CardContent>
    </Card>
  )
}
