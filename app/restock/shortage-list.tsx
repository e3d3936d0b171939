import type { ReactNode } from 'react'
import { type Act, AlertActions } from '#app/restock/alert-actions.tsx'
import {
  type Clock,
  Coming,
  Fact,
  Handling,
  OnHand,
  ProductAndStore,
  ProductName,
  RuleChip,
  RunsOut,
  type Shortage,
  storeName,
  ToOrder,
} from '#app/restock/shortage-parts.tsx'
import type { RowKeys } from '#app/restock/use-row-keys.ts'
import type { StoreSummary } from '#app/trpc/router-outputs.ts'
import { type Column, DataTable } from '#app/ui/data-table.tsx'
import { PathTag } from '#app/ui/marks.tsx'

/** Which are chosen, and how one more is. */
export interface Selection {
  has(alertId: string): boolean
  toggle(alertId: string): void
}

interface Listed extends Clock {
  title: string
  alerts: readonly Shortage[]
  stores: readonly StoreSummary[]
  /** Null: nothing of this list is chosen. */
  selection: Selection | null
  keys: RowKeys
  act: Act
  busy: boolean
  open: (alertId: string) => void
}

/** The same shortages as a table where there is room for all of it, else as a list whose actions are in reach of a thumb. */
export function ShortageList(listed: Listed) {
  return (
    <div className="@container">
      <div className="flex flex-col @max-[60rem]:hidden">
        <ShortageTable {...listed} />
      </div>
      <ul
        aria-label={listed.title}
        className="grid grid-cols-1 gap-x-8 @min-[40rem]:grid-cols-2 @min-[60rem]:hidden"
      >
        {listed.alerts.map(alert => (
          <ShortageItem key={alert.alertId} alert={alert} {...listed} />
        ))}
      </ul>
    </div>
  )
}

function ShortageTable({ title, alerts, stores, selection, keys, zone, now, act, busy, open }: Listed) {
  const choose: Column<Shortage>[] = selection
    ? [
        {
          key: 'choose',
          header: <span className="sr-only">Chosen</span>,
          align: 'left',
          cell: alert => <Choose alert={alert} stores={stores} selection={selection} />,
        },
      ]
    : []
  return (
    <DataTable
      caption={title}
      rows={alerts}
      rowKey={({ alertId }) => alertId}
      rowProps={({ alertId }) => keys.rowProps(alertId)}
      columns={[
        ...choose,
        {
          key: 'product',
          header: 'Shortage',
          align: 'left',
          cell: alert => (
            <span className="grid justify-items-start gap-0.5">
              <RuleChip rule={alert.rule} />
              <OpenButton alert={alert} open={open}>
                <ProductAndStore shortage={alert} storeName={storeName(stores, alert.store)} />
              </OpenButton>
            </span>
          ),
        },
        { key: 'hand', header: 'On hand', cell: alert => <OnHand shortage={alert} /> },
        { key: 'out', header: 'Runs out', cell: alert => <RunsOut shortage={alert} zone={zone} now={now} /> },
        {
          key: 'next',
          header: 'Next delivery',
          cell: alert => <Coming shortage={alert} zone={zone} now={now} />,
        },
        { key: 'order', header: 'Suggested', cell: alert => <ToOrder shortage={alert} /> },
        {
          key: 'path',
          header: 'Raised by',
          align: 'left',
          className: 'hidden @min-[72rem]:table-cell',
          cell: ({ raisedBy }) => <PathTag path={raisedBy} />,
        },
        {
          key: 'state',
          header: 'Taken care of',
          align: 'left',
          className: 'hidden @min-[72rem]:table-cell',
          cell: alert => (
            <span className="block max-w-44 whitespace-normal">
              <Handling alert={alert} zone={zone} now={now} />
            </span>
          ),
        },
        {
          key: 'act',
          header: 'Action',
          cell: alert => (
            <span className="inline-grid justify-items-end gap-0.5">
              <AlertActions alert={alert} act={act} busy={busy} />
              <span className="block max-w-44 whitespace-normal @min-[72rem]:hidden">
                <Handling alert={alert} zone={zone} now={now} />
              </span>
            </span>
          ),
        },
      ]}
    />
  )
}

function ShortageItem({
  alert,
  stores,
  selection,
  zone,
  now,
  act,
  busy,
  open,
}: Listed & { alert: Shortage }) {
  return (
    <li className="border-t border-line py-3 text-xs first:border-t-0 @min-[40rem]:nth-2:border-t-0">
      <div className="flex items-start gap-3">
        {selection ? <Choose alert={alert} stores={stores} selection={selection} /> : null}
        <div className="min-w-0 grow">
          <OpenButton alert={alert} open={open}>
            <ProductName alert={alert} />
          </OpenButton>
          <p className="text-2xs text-muted">{storeName(stores, alert.store)}</p>
        </div>
        <RuleChip rule={alert.rule} />
      </div>
      <dl className="my-2 grid grid-cols-2 gap-x-3 gap-y-2 text-2xs @min-[24rem]:grid-cols-4">
        <Fact name="On hand">
          <OnHand shortage={alert} />
        </Fact>
        <Fact name="Runs out">
          <RunsOut shortage={alert} zone={zone} now={now} />
        </Fact>
        <Fact name="Next delivery">
          <Coming shortage={alert} zone={zone} now={now} />
        </Fact>
        <Fact name="Suggested">
          <ToOrder shortage={alert} />
        </Fact>
      </dl>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Handling alert={alert} zone={zone} now={now} />
        <AlertActions alert={alert} act={act} busy={busy} />
      </div>
    </li>
  )
}

function Choose({
  alert: { alertId, productName, sku, store },
  stores,
  selection,
}: {
  alert: Shortage
  stores: readonly StoreSummary[]
  selection: Selection
}) {
  return (
    <label className="inline-flex min-h-8 min-w-8 items-center justify-center pointer-coarse:min-h-11 pointer-coarse:min-w-11">
      <input
        type="checkbox"
        aria-label={`Choose ${productName ?? sku}, ${storeName(stores, store)}`}
        className="size-4 accent-text"
        checked={selection.has(alertId)}
        onChange={() => selection.toggle(alertId)}
      />
    </label>
  )
}

/** The product, by which its evidence opens. */
function OpenButton({
  alert,
  open,
  children,
}: {
  alert: Shortage
  open: (alertId: string) => void
  children: ReactNode
}) {
  return (
    <button
      type="button"
      className="text-left underline-offset-2 hover:underline pointer-coarse:min-h-11"
      onClick={() => open(alert.alertId)}
    >
      {children}
    </button>
  )
}
