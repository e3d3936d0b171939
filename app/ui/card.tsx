'use client'

import { Check, Copy, TriangleAlert } from 'lucide-react'
import { type ReactNode, useId, useState } from 'react'
import { Button } from '#app/ui/button.tsx'
import { classNames } from '#app/ui/class-names.ts'
import { describeFailure, ErrorState } from '#app/ui/failure.tsx'

/** A titled panel. Its content goes through `CardContent`, which knows loading, empty and error. */
export function Card({
  title,
  unit,
  note,
  actions,
  compact = false,
  className,
  children,
}: {
  title: string
  /** What the figures in it are counted in, e.g. `EUR`. */
  unit?: string
  /** A quiet remark at the end of the title's line. */
  note?: ReactNode
  actions?: ReactNode
  /** Title and actions stay on one line. */
  compact?: boolean
  className?: string
  children: ReactNode
}) {
  const headingId = useId()
  return (
    <section
      aria-labelledby={headingId}
      className={classNames(
        'flex min-w-0 flex-col rounded-card border border-line bg-panel p-4 shadow-card',
        compact && 'pt-2.5',
        className,
      )}
    >
      <div
        className={classNames(
          'flex min-h-8 items-center gap-x-3 gap-y-1.5',
          compact ? 'mb-1.5 gap-x-1' : 'mb-3 flex-wrap',
        )}
      >
        <h2
          id={headingId}
          className={classNames(
            'font-semibold tracking-[-0.006em]',
            compact ? 'text-xs leading-tight' : 'text-sm',
          )}
        >
          {title}
          {unit ? (
            <>
              {' '}
              <span className="ml-0.5 text-2xs font-normal text-muted">{unit}</span>
            </>
          ) : null}
        </h2>
        {note ? <p className="text-2xs text-muted">{note}</p> : null}
        {actions ? <div className="ml-auto flex items-center gap-1.5">{actions}</div> : null}
      </div>
      {children}
    </section>
  )
}

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
          <TriangleAlert className="size-3.5 shrink-0" />
          Not refreshed: {describeFailure(query.error).what}
        </p>
      ) : null}
    </>
  )
}

/** As tall as a table of so many rows. */
export function RowSkeletons({ rows }: { rows: number }) {
  return (
    <div className="grid gap-2">
      {Array.from({ length: rows }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows without content never change places
        <Skeleton key={row} className="h-8" />
      ))}
    </div>
  )
}

/** A card whose content cannot be begun without what is still to come: loading, or why it does not come. */
export function WaitingCard({
  title,
  query,
  heightClass = 'h-96',
  className,
}: {
  title: string
  query: CardQuery<unknown>
  heightClass?: string
  className?: string
}) {
  return (
    <Card title={title} className={className}>
      <CardContent query={query} staleNote={false} skeleton={<Skeleton className={heightClass} />}>
        {() => null}
      </CardContent>
    </Card>
  )
}

/** Nothing here yet: says why, and what would put something here, as a command to copy. */
export function EmptyState({
  what,
  advice,
  command,
}: {
  what: string
  advice?: ReactNode
  command?: string | undefined
}) {
  return (
    <div className="my-auto flex flex-col items-start gap-2 text-xs">
      <p className="font-medium">{what}</p>
      {advice ? <p className="text-muted">{advice}</p> : null}
      {command ? <Command text={command} /> : null}
    </div>
  )
}

function Command({ text }: { text: string }) {
  const [copied, setCopied] = useState(false)
  async function copy() {
    await navigator.clipboard.writeText(text)
    setCopied(true)
  }
  return (
    <div className="flex w-full max-w-full items-start gap-1 rounded-control bg-faint p-1 pl-3">
      {/* Scrolls by itself, so it must be reachable by keyboard. */}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls needs focus to be scrolled */}
      <pre tabIndex={0} className="min-w-0 grow overflow-x-auto py-1.5 font-mono text-2xs">
        {text}
      </pre>
      <Button kind="icon" aria-label={copied ? 'Copied' : 'Copy the command'} onClick={() => void copy()}>
        {copied ? <Check className="size-4" /> : <Copy className="size-4" />}
      </Button>
    </div>
  )
}

/** Where something will be. Give it the size of what it stands for, so that nothing moves when that comes. */
export function Skeleton({ className }: { className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={classNames('block motion-safe:animate-pulse rounded bg-faint', className)}
    />
  )
}
