'use client'

import { Select } from '@base-ui/react/select'
import { Check, ChevronsUpDown } from 'lucide-react'
import { buttonLook } from '#app/ui/button.tsx'

const ALL = ''

/** Whose deliveries the page is about: everybody's, or one supplier's. */
export function SupplierControl({
  suppliers,
  chosen,
  onChange,
}: {
  suppliers: readonly { supplier: string; name: string }[]
  /** Id; null for all. */
  chosen: string | null
  onChange: (supplier: string | null) => void
}) {
  const items = [
    { value: ALL, label: 'All suppliers' },
    ...suppliers.map(({ supplier, name }) => ({ value: supplier, label: name })),
  ]
  return (
    <Select.Root
      items={items}
      value={chosen ?? ALL}
      onValueChange={value => onChange(value === ALL || value === null ? null : value)}
    >
      <Select.Trigger aria-label="Supplier" className={buttonLook({ className: 'max-w-48' })}>
        <Select.Value className="truncate" />
        <Select.Icon>
          <ChevronsUpDown aria-hidden="true" className="size-3.5 text-muted" />
        </Select.Icon>
      </Select.Trigger>
      <Select.Portal>
        <Select.Positioner sideOffset={6} alignItemWithTrigger={false} className="z-40">
          <Select.Popup className="max-h-[min(var(--available-height),24rem)] overflow-y-auto rounded-card border border-line bg-panel p-1 text-xs shadow-popup outline-none">
            <Select.List>
              {items.map(({ value, label }) => (
                <Select.Item
                  key={value}
                  value={value}
                  className="flex min-h-9 min-w-40 items-center gap-2 rounded-md px-2.5 outline-none select-none data-highlighted:bg-faint pointer-coarse:min-h-11"
                >
                  <Select.ItemText>{label}</Select.ItemText>
                  <Select.ItemIndicator className="ml-auto">
                    <Check aria-hidden="true" className="size-3.5" />
                  </Select.ItemIndicator>
                </Select.Item>
              ))}
            </Select.List>
          </Select.Popup>
        </Select.Positioner>
      </Select.Portal>
    </Select.Root>
  )
}
