import { buttonLook } from '#app/ui/button.tsx'
import { ChoiceControl } from '#app/ui/choice-control.tsx'

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
