'use client'

import { Select } from '@base-ui/react/select'
import { Check, ChevronsUpDown } from 'lucide-react'
import { buttonLook } from '#app/ui/button.tsx'

/** Which currency the amounts are in. Several are never added up, so one is chosen; of one there is no choice. */
export function CurrencyControl({
  currencies,
  chosen,
  onChange,
}: {
  currencies: readonly string[]
  chosen: string
  onChange: (currency: string) => void
}) {
  if (currencies.length < 2) {
    return <span className={buttonLook({ className: 'hover:bg-panel' })}>{chosen}</span>
  }
  return (
    <Select.Root value={chosen} onValueChange={value => value !== null && onChange(value)}>
      <Select.Trigger aria-label="Currency" className={buttonLook()}>
        <Select.Value />
        <Select.Icon>
          <ChevronsUpDown aria-hidden="true" className="size-3.5 text-muted" />
        </Select.Icon>
      </Select.Trigger>
      <Select.Portal>
        <Select.Positioner sideOffset={6} alignItemWithTrigger={false} className="z-40">
          <Select.Popup className="rounded-card border border-line bg-panel p-1 text-xs shadow-popup outline-none">
            <Select.List>
              {currencies.map(currency => (
                <Select.Item
                  key={currency}
                  value={currency}
                  className="flex min-h-9 min-w-24 items-center gap-2 rounded-md px-2.5 outline-none select-none data-highlighted:bg-faint pointer-coarse:min-h-11"
                >
                  <Select.ItemText>{currency}</Select.ItemText>
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
