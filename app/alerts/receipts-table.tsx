import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { formatMoney } from '#app/format/money.ts'
import { formatCount } from '#app/format/number.ts'
import { formatFullMoment, formatMoment } from '#app/format/time.ts'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Button } from '#app/ui/button.tsx'
import { CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { showEventId } from '#domain/derived-id.ts'
import type { Instant } from '#domain/instant.ts'

type Detail = NonNullable<RouterOutputs['alerts']['get']>
type Receipt = Detail['receipts'][number]

const TYPE_NAMES: Record<string, string> = {
  'order.placed': 'Order',
  'order.voided': 'Void',
  'order.returned': 'Return',
}

/** The documents behind an alert; each opens as it stands in the log. */
export function ReceiptsTable({ alert, zone, now }: { alert: Detail; zone: string; now: Instant }) {
  const [opened, setOpened] = useState<Receipt | null>(null)
  const { receipts } = alert
  if (receipts.length === 0)
    return <p className="text-2xs text-muted">No single receipt led to it: it is about what did not come.</p>
  return (
    <section aria-label="Receipts" className="grid min-w-0 gap-2">
      <h3 className="text-xs font-semibold">Receipts</h3>
      <div className="flex max-h-72 min-w-0 flex-col">
        <DataTable
          caption="Receipts, oldest first"
          rows={receipts}
          rowKey={receiptKey}
          columns={[
            { key: 'type', header: 'Type', align: 'left', cell: ({ type }) => TYPE_NAMES[type] ?? type },
            {
              key: 'order',
              header: 'Receipt',
              align: 'left',
              cell: receipt => (
                <Button
                  kind="quiet"
                  className="-ml-2 text-text underline underline-offset-4"
                  aria-expanded={opened !== null && receiptKey(opened) === receiptKey(receipt)}
                  onClick={() => setOpened(receipt)}
                >
                  {receipt.orderId ?? showEventId(receipt.id)}
                  <span className="sr-only">: its event</span>
                </Button>
              ),
            },
            { key: 'till', header: 'Till', align: 'left', cell: ({ register }) => register ?? '–' },
            {
              key: 'time',
              header: 'Event time',
              cell: ({ eventTime }) => (
                <span title={formatFullMoment(eventTime, zone)}>
                  {formatMoment(eventTime, zone, now, { seconds: true })}
                </span>
              ),
            },
            {
              key: 'net',
              header: 'Net',
              cell: ({ net, currency }) => (
                <>
                  {currency === null ? net : formatMoney(net, currency)}{' '}
                  <span className="text-2xs text-muted">{currency}</span>
                </>
              ),
            },
          ]}
        />
      </div>
      {opened ? <Document key={receiptKey(opened)} receipt={opened} zone={zone} /> : null}
    </section>
  )
}

function receiptKey({ source, id }: Receipt): string {
  return JSON.stringify([source, id])
}

/** The event of a receipt as the log has it. */
function Document({ receipt, zone }: { receipt: Receipt; zone: string }) {
  const trpc = useTRPC()
  const { source, id, eventTime } = receipt
  const query = useQuery(trpc.alerts.receipt.queryOptions({ source, id, eventTime }))
  const title = `Event of ${receipt.orderId ?? showEventId(id)}`
  return (
    <section aria-label={title} className="rounded-control bg-faint p-3">
      <h4 className="mb-1 text-xs font-medium wrap-anywhere">{title}</h4>
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-24" />}
        isEmpty={found => found === null}
        empty={<EmptyState what="The log does not hold this event any more." />}
      >
        {found =>
          found === null ? null : (
            <>
              <p className="text-2xs text-muted wrap-anywhere">
                {source} {showEventId(id)}, partition {found.partition}, offset {formatCount(found.offset)},
                in the log {formatFullMoment(found.appendedAt, zone)}
                {found.customer ? `, customer ${found.customer}` : ''}
                {found.details.map(({ name, value }) => `, ${name} ${value}`).join('')}
              </p>
              <ul className="mt-2 grid gap-0.5 text-xs">
                {found.lines.map((line, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: the lines of a document never change places
                  <li key={index} className="flex flex-wrap justify-between gap-x-3">
                    <span>
                      {formatCount(line.units)} × {line.sku}
                    </span>
                    <span>{lineText(line, found.currency)}</span>
                  </li>
                ))}
              </ul>
            </>
          )
        }
      </CardContent>
    </section>
  )
}

type Line = NonNullable<RouterOutputs['alerts']['receipt']>['lines'][number]

function lineText({ gross, discount, refund }: Line, currency: string | null): string {
  const money = (amount: string) =>
    currency === null ? amount : `${formatMoney(amount, currency)} ${currency}`
  if (refund !== null) return `refund ${money(refund)}`
  if (gross === null) return ''
  const isReduced = discount !== null && Number(discount) !== 0
  return isReduced ? `${money(gross)}, ${money(discount)} off` : money(gross)
}
