import { Checkbox } from '@base-ui/react/checkbox'
import { CheckboxGroup } from '@base-ui/react/checkbox-group'
import { Popover } from '@base-ui/react/popover'
import { Store } from 'lucide-react'
import type { StoreSummary } from '#app/trpc/router-outputs.ts'
import { Button, buttonLook } from '#app/ui/button.tsx'
import { CheckMark, ChoiceControl } from '#app/ui/choice.tsx'
import { Popup } from '#app/ui/popup.tsx'

/** Which stores the page is about: all, or some. */
export function StoreControl({
  stores,
  chosen,
  onChange,
}: {
  stores: readonly StoreSummary[]
  /** Ids; empty for all. */
  chosen: readonly string[]
  onChange: (chosen: string[]) => void
}) {
  return (
    <Popover.Root>
      <Popover.Trigger className={buttonLook({ className: 'max-w-44' })}>
        <Store className="size-4 shrink-0 text-muted max-sm:hidden" />
        <span className="truncate">{chosenLabel(stores, chosen)}</span>
      </Popover.Trigger>
      <Popup title="Stores" className="w-72">
        <CheckboxGroup
          value={[...chosen]}
          onValueChange={onChange}
          aria-label="Stores"
          className="-mx-2 grid"
        >
          {stores.map(store => (
            <Checkbox.Root
              key={store.store}
              value={store.store}
              nativeButton
              render={<button type="button" />}
              className="flex min-h-9 items-center gap-2.5 rounded-md px-2 text-left text-xs hover:bg-faint pointer-coarse:min-h-11"
            >
              <CheckMark />
              <span className="min-w-0 grow truncate">{store.name}</span>
              <span className="text-2xs text-muted">{store.currency}</span>
            </Checkbox.Root>
          ))}
        </CheckboxGroup>
        <Button className="mt-3 w-full" disabled={chosen.length === 0} onClick={() => onChange([])}>
          All stores
        </Button>
      </Popup>
    </Popover.Root>
  )
}

function chosenLabel(stores: readonly StoreSummary[], chosen: readonly string[]): string {
  const [only] = stores.filter(({ store }) => chosen.includes(store))
  if (!only || chosen.length === 0) return stores.length === 1 ? (stores[0]?.name ?? '') : 'All stores'
  return chosen.length === 1 ? only.name : `${chosen.length} stores`
}

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
  const choices = currencies.map(currency => ({ value: currency, label: currency }))
  return <ChoiceControl label="Currency" choices={choices} chosen={chosen} onChange={onChange} />
}
