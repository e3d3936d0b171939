import { useState } from 'react'
import { formatMoney } from '#app/format/money.ts'
import { formatCount } from '#app/format/number.ts'
import type { Order } from '#app/restock/orders/order-parts.tsx'
import { ProductCell } from '#app/restock/orders/order-parts.tsx'
import { Button } from '#app/ui/button.tsx'
import { DataTable } from '#app/ui/data-table.tsx'
import { Field, TextField } from '#app/ui/form.tsx'

type Line = Order['items'][number]

export type EditLine = (line: Line, given: { units?: number | null; unitCost?: string }) => void

interface Editable {
  edit: EditLine
  isBusy: boolean
}

/** The lines of a draft to change, where there is room for a table. */
export function DraftTable({ order: { items, currency }, edit, isBusy }: Editable & { order: Order }) {
  return (
    <DataTable
      caption="Lines of the draft"
      rows={items}
      rowKey={({ store, sku }) => JSON.stringify([store, sku])}
      columns={[
        {
          key: 'product',
          header: 'Product',
          align: 'left',
          cell: ({ productName, sku }) => <ProductCell productName={productName} sku={sku} />,
        },
        { key: 'store', header: 'Store', align: 'left', cell: ({ storeName }) => storeName },
        { key: 'pack', header: 'Pack of', cell: ({ packSize }) => formatCount(packSize) },
        {
          key: 'units',
          header: 'Units',
          cell: line => <UnitsEntry line={line} edit={edit} />,
        },
        {
          key: 'unit',
          header: 'Unit cost',
          cell: line => <CostEntry line={line} edit={edit} />,
        },
        {
          key: 'cost',
          header: `Cost, ${currency}`,
          cell: ({ cost }) => (cost === null ? '–' : formatMoney(cost, currency)),
        },
        {
          key: 'out',
          header: <span className="sr-only">Take out</span>,
          cell: line => (
            <Button
              kind="row"
              disabled={isBusy}
              aria-label={`Take out ${nameOf(line)}`}
              onClick={() => edit(line, { units: null })}
            >
              Take out
            </Button>
          ),
        },
      ]}
    />
  )
}

/** The same line where a table would not fit: all that can be changed is in sight. */
export function DraftItem({ line, currency, edit, isBusy }: Editable & { line: Line; currency: string }) {
  const { productName, sku, storeName, packSize, cost } = line
  return (
    <li className="grid gap-2 border-t border-line py-3 text-xs first:border-t-0">
      <div className="flex items-start justify-between gap-3">
        <p className="min-w-0">
          {productName ?? sku}
          <span className="block text-2xs text-muted">
            {storeName}, packs of {formatCount(packSize)}
          </span>
        </p>
        <p className="whitespace-nowrap">
          {cost === null ? '–' : `${formatMoney(cost, currency)} ${currency}`}
        </p>
      </div>
      <div className="flex flex-wrap items-end gap-2">
        <Field label="Units">
          <UnitsEntry line={line} edit={edit} />
        </Field>
        <Field label={`Each, ${currency}`}>
          <CostEntry line={line} edit={edit} />
        </Field>
        <Button
          kind="row"
          className="ml-auto"
          disabled={isBusy}
          aria-label={`Take out ${nameOf(line)}`}
          onClick={() => edit(line, { units: null })}
        >
          Take out
        </Button>
      </div>
    </li>
  )
}

function UnitsEntry({ line, edit }: { line: Line; edit: EditLine }) {
  return (
    <Entry
      label={`Units of ${nameOf(line)}`}
      value={String(line.units)}
      inputMode="numeric"
      onEntered={text => edit(line, { units: Number(text) })}
    />
  )
}

function CostEntry({ line, edit }: { line: Line; edit: EditLine }) {
  return (
    <Entry
      label={`Unit cost of ${nameOf(line)}`}
      value={line.unitCost ?? ''}
      inputMode="decimal"
      onEntered={unitCost => edit(line, { unitCost })}
    />
  )
}

/** A field that keeps what one types until it is left or Enter is pressed, and then shows what came of it. */
export function Entry({
  label,
  value,
  inputMode,
  isWide = false,
  onEntered,
}: {
  label: string
  value: string
  inputMode?: 'numeric' | 'decimal'
  isWide?: boolean
  onEntered: (text: string) => void
}) {
  const [typed, setTyped] = useState<string | null>(null)
  function enter() {
    if (typed !== null && typed.trim() !== value) onEntered(typed.trim())
    setTyped(null)
  }
  return (
    <TextField
      aria-label={label}
      inputMode={inputMode}
      value={typed ?? value}
      onChange={({ target }) => setTyped(target.value)}
      onBlur={enter}
      onKeyDown={({ key }) => {
        if (key === 'Enter') enter()
        if (key === 'Escape') setTyped(null)
      }}
      className={isWide ? '' : 'w-24 text-right'}
    />
  )
}

function nameOf({ productName, sku, storeName }: Line): string {
  return `${productName ?? sku}, ${storeName}`
}
