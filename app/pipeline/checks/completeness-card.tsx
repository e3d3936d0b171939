import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { formatDay } from '#app/format/day.ts'
import { formatMoney } from '#app/format/money.ts'
import { formatCount, plural } from '#app/format/number.ts'
import { PeriodGrid } from '#app/pipeline/period-grid.tsx'
import { COMPLETENESS_MARKS, type CompletenessState, Legend, MarkText } from '#app/pipeline/state-marks.tsx'
import { useTRPC } from '#app/trpc/client.tsx'
import type { RouterOutputs } from '#app/trpc/router-outputs.ts'
import { Card, CardContent, EmptyState, Skeleton } from '#app/ui/card.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { DialogFrame } from '#app/ui/popup.tsx'

type Completeness = RouterOutputs['pipeline']['completeness']
type Store = Completeness['stores'][number]
type RegisterDay = Store['registers'][number]

const CHECK_MS = 60_000
const MARKS = Object.values(COMPLETENESS_MARKS)
const WORST_FIRST: readonly CompletenessState[] = [
  'different',
  'missing',
  'awaiting journal',
  'open',
  'complete',
]

/** The log against the tills' own totals: the only check that the log itself misses nothing. */
export function CompletenessCard() {
  const trpc = useTRPC()
  const query = useQuery({ ...trpc.pipeline.completeness.queryOptions(), refetchInterval: CHECK_MS })
  const [shown, setShown] = useState<{ store: string; day: string } | null>(null)
  return (
    <Card
      title="Completeness"
      note="the log against the Z reports of the tills, each cell over the registers of a store"
    >
      <CardContent
        query={query}
        skeleton={<Skeleton className="h-80" />}
        isEmpty={({ stores }) => stores.length === 0}
        empty={
          <EmptyState
            what="No day has been held against Z reports yet."
            advice="The job completeness does it once a business day has ended; by hand:"
            command="npm run jobs -- run completeness --from DAY --to DAY"
          />
        }
      >
        {data => (
          <div className="grid gap-3">
            <Legend marks={MARKS} />
            <StoreGrid data={data} onOpen={(store, day) => setShown({ store, day })} />
            <DayDialog
              store={data.stores.find(({ store }) => store === shown?.store) ?? null}
              day={shown?.day ?? ''}
              onClose={() => setShown(null)}
            />
          </div>
        )}
      </CardContent>
    </Card>
  )
}

function StoreGrid({
  data: { days, stores },
  onOpen,
}: {
  data: Completeness
  onOpen: (store: string, day: string) => void
}) {
  return (
    <PeriodGrid
      caption="Completeness by store and business day"
      heading="Store"
      periods={days}
      nameClass="max-sm:max-w-28"
      rows={stores.map(({ store, name, registers }) => ({
        key: store,
        name,
        cellOf(day) {
          const ofDay = registers.filter(({ businessDay }) => businessDay === day)
          const state = WORST_FIRST.find(known => ofDay.some(register => register.state === known))
          if (state === undefined) return null
          const ofThem = ofDay.filter(register => register.state === state).length
          const mark = COMPLETENESS_MARKS[state]
          return {
            mark,
            name: `${name}, ${formatDay(day)}: ${mark.text}`,
            detail: `${ofThem} of ${plural(ofDay.length, 'register')}`,
            onOpen: () => onOpen(store, day),
          }
        },
      }))}
    />
  )
}

function DayDialog({ store, day, onClose }: { store: Store | null; day: string; onClose: () => void }) {
  return (
    <DialogFrame
      isOpen={store !== null}
      title={store ? `${store.name}, ${formatDay(day)}` : ''}
      description="Per register, the total its Z report gives and the total the log holds."
      onClose={onClose}
    >
      {store ? (
        <RegisterTable registers={store.registers.filter(({ businessDay }) => businessDay === day)} />
      ) : null}
    </DialogFrame>
  )
}

function RegisterTable({ registers }: { registers: readonly RegisterDay[] }) {
  const money = (amount: string | null, currency: string | null) =>
    amount === null ? '–' : currency === null ? amount : `${formatMoney(amount, currency)} ${currency}`
  return (
    <DataTable
      caption="Registers"
      rows={registers}
      rowKey={({ register }) => register}
      columns={[
        { key: 'register', header: 'Register', align: 'left', cell: row => row.register || 'not known' },
        {
          key: 'state',
          header: 'State',
          align: 'left',
          cell: row => <MarkText mark={COMPLETENESS_MARKS[row.state]} />,
        },
        { key: 'z-orders', header: 'Z, orders', cell: row => formatCount(row.zOrders) },
        { key: 'log-orders', header: 'Log, orders', cell: row => formatCount(row.logOrders) },
        { key: 'z-net', header: 'Z, net', cell: row => money(row.zNet, row.currency) },
        { key: 'log-net', header: 'Log, net', cell: row => money(row.logNet, row.currency) },
        {
          key: 'over-short',
          header: 'Over, short',
          align: 'left',
          cell: row => <OverShort tenders={row.tenders} currency={row.currency} />,
        },
        {
          key: 'receipts',
          header: 'Receipts missing',
          align: 'left',
          cell: row =>
            row.missingReceipts.length === 0
              ? '–'
              : `${formatCount(row.missingReceipts.length)}: ${listed(row.missingReceipts)}`,
        },
        { key: 'run', header: 'Run', cell: row => formatCount(row.runId) },
      ]}
    />
  )
}

const LISTED = 5

function listed(receipts: readonly string[]): string {
  const shown = receipts.slice(0, LISTED).join(', ')
  return receipts.length > LISTED ? `${shown} …` : shown
}

/** Means of payment of which more or less was counted than the till says; a dash where all agree or none was told. */
function OverShort({ tenders, currency }: Pick<RegisterDay, 'tenders' | 'currency'>) {
  const off = tenders.filter(({ difference }) => difference !== null && Number(difference) !== 0)
  if (off.length === 0) return '–'
  return (
    <ul>
      {off.map(({ tender, difference }) => (
        <li key={tender}>
          {tender} {Number(difference) > 0 ? 'over' : 'short'}{' '}
          {currency ? `${formatMoney(difference ?? '0', currency)} ${currency}` : difference}
        </li>
      ))}
    </ul>
  )
}
