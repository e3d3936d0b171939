'use client'

import { Checkbox } from '@base-ui/react/checkbox'
import { Check } from 'lucide-react'

/** Only the products whose stock ran out. */
export function StockoutFilter({
  chosen,
  onChange,
}: {
  chosen: boolean
  onChange: (chosen: boolean) => void
}) {
  return (
    <Checkbox.Root
      checked={chosen}
      onCheckedChange={onChange}
      nativeButton
      render={<button type="button" />}
      className="flex min-h-8 items-center gap-2 rounded-md px-1 text-2xs text-text hover:bg-faint pointer-coarse:min-h-11"
    >
      <span className="flex size-4 shrink-0 items-center justify-center rounded border border-control">
        <Checkbox.Indicator>
          <Check aria-hidden="true" className="size-3" strokeWidth={3} />
        </Checkbox.Indicator>
      </span>
      Only with stockout
    </Checkbox.Root>
  )
}
