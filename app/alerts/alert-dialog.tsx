import { useMutation, useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { KindChip } from '#app/alerts/alert-list-card.tsx'
import { type Rule, ruleTitle, verdictText } from '#app/alerts/alert-words.ts'
import { ReceiptsTable } from '#app/alerts/receipts-table.tsx'
import { useActor } from '#app/controls/actor.tsx'
import { formatCount } from '#app/format/number.ts'
import { formatFullMoment, formatMoment } from '#app/format/time.ts'
import { storeName } from '#app/restock/shortage-parts.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs, StoreSummary } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { failureText } from '#app/ui/failure.tsx'
import { Field, OutcomeLine, TextField } from '#app/ui/form.tsx'
import { PathTag } from '#app/ui/marks.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'
import type { Instant } from '#domain/instant.ts'

type Detail = NonNullable<RouterOutputs['alerts']['get']>

/** One alert: what led to it, the receipts, what people said of it, and what one says oneself. */
export function AlertDialog({
  alertId,
  onClose,
  stores,
  rules,
  now,
}: {
  alertId: string | null
  onClose: () => void
  stores: readonly StoreSummary[]
  rules: readonly Rule[]
  now: Instant
}) {
  const trpc = useTRPC()
  const query = useQuery({
    ...trpc.alerts.get.queryOptions({ alertId: alertId ?? '' }),
    enabled: alertId !== null,
  })
  const alert = query.data
  const zone = stores.find(({ store }) => store === alert?.store)?.zone ?? 'UTC'
  return (
    <DialogFrame
      isOpen={alertId !== null}
      title={alert?.summary ?? 'Alert'}
      description={
        alert
          ? `${ruleTitle(rules, alert.rule)}, version ${formatCount(alert.ruleVersion)}; ${storeName(stores, alert.store)}${alert.register ? `, till ${alert.register}` : ''}`
          : null
      }
      onClose={onClose}
    >
      <div className="min-h-0 grow overflow-y-auto">
        <CardContent
          query={query}
          skeleton={<Skeleton className="h-96" />}
          isEmpty={found => found === null}
          empty={
            <EmptyState
              what="This alert is not there any more."
              advice="A replay by other rules may have judged its events otherwise."
            />
          }
        >
          {found =>
            found === null ? null : (
              <div className="grid gap-5">
                <Facts alert={found} zone={zone} now={now} />
                <Figures alert={found} />
                <ReceiptsTable alert={found} zone={zone} now={now} />
                <Verdict key={found.alertId} alert={found} />
                <History alert={found} zone={zone} now={now} />
              </div>
            )
          }
        </CardContent>
      </div>
    </DialogFrame>
  )
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="grid min-w-0 gap-2">
      <h3 className="text-xs font-semibold">{title}</h3>
      {children}
    </section>
  )
}

function Facts({ alert, zone, now }: { alert: Detail; zone: string; now: Instant }) {
  const { score, openedAt, amendedAt, resolvedAt, raisedBy, foundBy } = alert
  const began = formatFullMoment(openedAt, zone)
  return (
    <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-2xs text-muted">
      <KindChip alert={alert} />
      <span>score {formatCount(score)}</span>
      <span title={began}>began {formatMoment(openedAt, zone, now, { seconds: true })}</span>
      {resolvedAt === null ? (
        <span>last moved {formatMoment(amendedAt, zone, now, { seconds: true })}</span>
      ) : (
        <span>over {formatMoment(resolvedAt, zone, now, { seconds: true })}</span>
      )}
      <PathTag path={raisedBy} {...(raisedBy === 'batch' ? { detail: foundBy } : {})} />
    </p>
  )
}

function Figures({ alert: { figures } }: { alert: Detail }) {
  return (
    <Part title="What led to it">
      <DataTable
        caption="What led to it"
        rows={figures}
        rowKey={({ label }) => label}
        columns={[
          { key: 'label', header: 'Figure', align: 'left', cell: ({ label }) => label },
          { key: 'value', header: 'Measured', cell: ({ value }) => <strong>{value}</strong> },
          { key: 'limit', header: 'In order would be', cell: ({ limit }) => limit ?? '–' },
        ]}
      />
    </Part>
  )
}

/** What one says of it: a verdict with a note, and whose it is. */
function Verdict({ alert }: { alert: Detail }) {
  const trpc = useTRPC()
  const by = useActor()
  const [note, setNote] = useState('')
  const [assignee, setAssignee] = useState(alert.assignee ?? '')
  const act = useMutation(trpc.alerts.act.mutationOptions())
  const alertIds = [alert.alertId]
  const judge = (verdict: NonNullable<Detail['verdict']>) =>
    act.mutate({ alertIds, deed: { kind: 'verdict', verdict, note: note || null }, by })
  const { verdict } = alert
  return (
    <Part title="Verdict">
      {verdict ? (
        <p className="text-xs">
          {capitalized(verdictText(verdict, alert.kind))}, by {alert.judgedBy ?? 'somebody'}
          {alert.note ? `: ${alert.note}` : '.'}
        </p>
      ) : null}
      <Field label="Note">
        <TextField value={note} maxLength={1_000} onChange={({ target }) => setNote(target.value)} />
      </Field>
      <div className="flex flex-wrap gap-2">
        {(['fraud', 'false', 'unsure'] as const).map(one => (
          <Button
            key={one}
            disabled={act.isPending}
            aria-pressed={verdict === one}
            className="aria-pressed:bg-faint aria-pressed:font-medium"
            onClick={() => judge(one)}
          >
            {capitalized(verdictText(one, alert.kind))}
          </Button>
        ))}
        {verdict ? (
          <Button
            kind="quiet"
            disabled={act.isPending}
            onClick={() => act.mutate({ alertIds, deed: { kind: 'reopen' }, by })}
          >
            Take the verdict back
          </Button>
        ) : null}
      </div>
      <form
        className="flex flex-wrap items-end gap-2"
        onSubmit={event => {
          event.preventDefault()
          act.mutate({ alertIds, deed: { kind: 'assign', assignee: assignee || null }, by })
        }}
      >
        <Field label="Who looks after it" className="max-w-64 grow">
          <TextField value={assignee} maxLength={60} onChange={({ target }) => setAssignee(target.value)} />
        </Field>
        <Button type="submit" disabled={act.isPending}>
          Assign
        </Button>
      </form>
      <OutcomeLine
        done={act.isSuccess ? 'Kept, and told to every open page.' : null}
        failed={act.error ? failureText(act.error) : null}
      />
    </Part>
  )
}

function History({ alert, zone, now }: { alert: Detail; zone: string; now: Instant }) {
  return (
    <Part title="What people did">
      {alert.actions.length === 0 ? (
        <p className="text-2xs text-muted">Nobody has done anything yet.</p>
      ) : (
        <ol className="grid gap-1 text-xs">
          {alert.actions.map(action => (
            <li key={`${action.at} ${action.kind}`} className="wrap-anywhere">
              <span className="text-muted" title={formatFullMoment(action.at, zone)}>
                {formatMoment(action.at, zone, now)}
              </span>{' '}
              {action.by ?? 'Somebody'} {deedText(action, alert.kind)}
            </li>
          ))}
        </ol>
      )}
    </Part>
  )
}

function deedText(action: Detail['actions'][number], kind: Detail['kind']): string {
  switch (action.kind) {
    case 'verdict':
      return `judged: ${action.verdict ? verdictText(action.verdict, kind) : ''}${action.note ? ` (${action.note})` : ''}`
    case 'assign':
      return action.assignee === null ? 'gave it to nobody' : `gave it to ${action.assignee}`
    case 'reopen':
      return 'took the verdict back'
  }
}

function capitalized(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`
}
